/** tsconfig.json, as far as the example must know it. */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { jsoncIn } from './jsonc.js'

/** Whether the compiler may infer nothing that is exported. */
export const isIsolated = (file: string): boolean => isolatedIn(file, new Set()) ?? false

/** `undefined` where neither the file says it nor what it extends, of which the last one counts most. */
function isolatedIn(file: string, seen: Set<string>): boolean | undefined {
  if (seen.has(file) || !existsSync(file)) return undefined
  seen.add(file)
  const { compilerOptions, extends: bases = [] } = jsoncIn(file) as Settings
  if (compilerOptions?.isolatedDeclarations !== undefined) return compilerOptions.isolatedDeclarations === true
  const found = [bases].flat().map((base) => isolatedIn(fileOf(base, file), seen))
  return found.findLast((one) => one !== undefined)
}

/** A path or a package, with `.json` or without. */
function fileOf(base: string, tsconfig: string): string {
  const isPath = base.startsWith('.') || isAbsolute(base)
  const places = isPath
    ? [resolve(dirname(tsconfig), base)]
    : (createRequire(tsconfig).resolve.paths(base) ?? []).map((place) => join(place, base))
  const files = places.flatMap((place) => [`${place}.json`, join(place, 'tsconfig.json'), place])
  return files.find((file) => existsSync(file)) ?? base
}

interface Settings {
  readonly compilerOptions?: { readonly isolatedDeclarations?: unknown }
  readonly extends?: string | readonly string[]
}
