/** What can be read off the text of next.config, which is not run: settings that are written as plain texts. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Project } from './project.js'

type Place = Pick<Project, 'dir' | 'config'>

/** `undefined` where it is not set, or made by code. */
export function configured({ dir, config }: Place, name: 'basePath' | 'output' | 'zone'): string | undefined {
  if (config === undefined) return undefined
  const text = readFileSync(join(dir, config), 'utf8').replaceAll(/^\s*\/\/.*$|\/\*[\s\S]*?\*\//gm, '')
  return new RegExp(`\\b${name}['"]?\\s*:\\s*(['"\`])((?:(?!\\1|\\$\\{).)*)\\1`).exec(text)?.[2]
}

/** The path below which requests reach the app, if its config says one. */
export const zoneIn = (place: Place): string | undefined => configured(place, 'zone') ?? configured(place, 'basePath')
