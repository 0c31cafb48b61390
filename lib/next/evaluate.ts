/**
 * What a state module defines, learned by running it: the chain, the first values and the computed values, never a
 * handler. This happens where the module is compiled, so that every tab knows names and first values before the hub has
 * spoken. Reading the syntax instead would fail at the first spread or constant.
 */
import { HeldStateError } from '../base/errors.js'
import * as authors from '../doors/authors.js'
import type { Manifest } from '../protocol/manifest.js'
import { isServerDefinition } from '../state/define.js'
import { compile, reasonOf } from './compile.js'
import { Imports } from './imports.js'

/** Manifests by the names under which the module exports their definitions. */
export type Manifests = Readonly<Record<string, Manifest>>

/** Runs the module `file`. `onLoad` hears of each file of the project that was run as well: its change changes the result. */
export function evaluateStateModule(
  file: string,
  source: string,
  onLoad: (file: string) => void = () => {},
): Manifests {
  const imports = new Imports({ file, source, authors, onLoad })
  try {
    const exports = imports.run(compile(file, source))
    const definitions = Object.entries(exports).filter(([, value]) => isServerDefinition(value))
    return Object.fromEntries(definitions.map(([name, value]) => [name, (value as { manifest: Manifest }).manifest]))
  } catch (error) {
    throw new HeldStateError('invalid-definition', sentence(file, error, imports.problems), { cause: error })
  }
}

function sentence(file: string, error: unknown, problems: readonly string[]): string {
  const because = problems.length > 0 ? ` What may be behind it: ${problems.join(' ')}` : ''
  return `The state module ${file} cannot be used: ${withoutDot(reasonOf(error))}.${because}`
}

const withoutDot = (text: string) => text.replace(/\.$/, '')
