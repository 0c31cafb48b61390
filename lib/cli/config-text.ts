/** What can be read off the text of next.config, which is not run: settings that are written as plain texts. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Project } from './project.js'

type Place = Pick<Project, 'dir' | 'config'>

/** `undefined` where it is not set, or made by code. */
function configured(place: Place, name: 'basePath' | 'zone'): string | undefined {
  if (place.config === undefined) return undefined
  return new RegExp(`\\b${name}['"]?\\s*:\\s*(['"\`])((?:(?!\\1|\\$\\{).)*)\\1`).exec(textOf(place))?.[2]
}

/** Whether `next build` makes a server of its own, `.next/standalone/server.js`, also where a condition decides. */
export function isStandalone({ dir, config }: Place): boolean {
  return config !== undefined && /\boutput\b[^,\n]*['"`]standalone['"`]/.test(textOf({ dir, config }))
}

const textOf = ({ dir, config = '' }: Place) =>
  readFileSync(join(dir, config), 'utf8').replaceAll(/^\s*\/\/.*$|\/\*[\s\S]*?\*\//gm, '')

/** The path below which requests reach the app, if its config says one. */
export const zoneIn = (place: Place): string | undefined => configured(place, 'zone') ?? configured(place, 'basePath')
