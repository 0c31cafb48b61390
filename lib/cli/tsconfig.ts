/** tsconfig.json, as far as the example must know it. */
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { type Node, parseExpressionAt } from 'acorn'

/** Whether the compiler may infer nothing that is exported. */
export const isIsolated = (file: string): boolean => isolatedIn(file, new Set()) ?? false

/** `undefined` where neither the file says it nor what it extends, of which the last one counts most. */
function isolatedIn(file: string, seen: Set<string>): boolean | undefined {
  if (seen.has(file) || !existsSync(file)) return undefined
  seen.add(file)
  const { compilerOptions, extends: bases = [] } = settingsIn(file)
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

/** It may have comments and commas that JSON has not. Nothing of one that cannot be read. */
function settingsIn(file: string): Settings {
  try {
    return literal(parseExpressionAt(readFileSync(file, 'utf8'), 0, { ecmaVersion: 'latest' })) as Settings
  } catch {
    return {}
  }
}

function literal(node: Node): unknown {
  const { type, value, elements = [], properties = [] } = node as Part
  if (type === 'Literal') return value
  if (type === 'ArrayExpression') return elements.map(literal)
  return Object.fromEntries(properties.map((property) => [property.key.value, literal(property.value)]))
}

interface Part extends Node {
  readonly value?: unknown
  readonly elements?: readonly Node[]
  readonly properties?: readonly { readonly key: { readonly value: string }; readonly value: Node }[]
}
