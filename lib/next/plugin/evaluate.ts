/**
 * What a state module defines, learned by running it: the chain, the first values and the computed values, never a
 * handler. This happens where the module is compiled, so that every tab knows names and first values before the hub has
 * spoken. Reading the syntax instead would fail at the first spread or constant.
 */
import { HeldStateError } from '../../base/errors.js'
import * as authors from '../../doors/authors.js'
import type { Manifest } from '../../protocol/manifest.js'
import { isServerDefinition, type ServerDefinition } from '../../state/define.js'
import { compile, reasonOf } from './compile.js'
import { Imports } from './imports.js'
import { moduleIn } from './lazy-module.js'
import { hasOthers, type OtherState, otherStateIn, wholeIn } from './other-states.js'
import { portableText } from './portable-text.js'

/** What a stub of one definition is made of. */
export interface StubParts {
  readonly manifest: Manifest
  /** By optimistic event: the text of the function that pages run. */
  readonly predict: Readonly<Record<string, string>>
}

/** What a module exports: definitions of its own, and those of other state modules. */
export interface StubsParts {
  /** By the names under which the module exports them. */
  readonly own: Readonly<Record<string, StubParts>>
  readonly others: Readonly<Record<string, OtherState>>
  /** State modules of which it exports everything. */
  readonly whole: readonly string[]
  /** The names of its exports that are no definitions: no other module of the app gets these. */
  readonly hidden: readonly string[]
}

/** Runs the module `file`. `onLoad` hears of each file of the project that was run as well: its change changes the result. */
export function evaluateStateModule(
  file: string,
  source: string,
  onLoad: (file: string) => void = () => {},
): StubsParts {
  const imports = new Imports({ file, source, authors, onLoad })
  try {
    const exports = imports.run(compile(file, source))
    const own: Record<string, StubParts> = {}
    const others: Record<string, OtherState> = {}
    const whole: string[] = []
    const hidden: string[] = []
    for (const [name, value] of Object.entries(exports)) {
      const all = wholeIn(value)
      const other = otherStateIn(value, name)
      if (all !== undefined) whole.push(all)
      else if (other) others[name] = other
      else if (isServerDefinition(value)) own[name] = partsOf(value)
      else if (value !== undefined) {
        refuseNamespace(name, value)
        hidden.push(name)
      }
    }
    return { own, others, whole, hidden }
  } catch (error) {
    throw new HeldStateError('invalid-definition', sentence(file, error, imports.problems), { cause: error })
  }
}

function partsOf({ id, manifest, members }: ServerDefinition): StubParts {
  const predict = Object.entries(members.predict).map(([event, change]) => [
    event,
    portableText(change, `Event "${event}" of state "${id}"`),
  ])
  return { manifest, predict: Object.fromEntries(predict) }
}

/** `export * as name` of a file that has states: its stub has no such object. */
function refuseNamespace(name: string, value: unknown): void {
  const module = moduleIn(value)
  if (!module || !(hasOthers(module) || Object.values(module).some(isServerDefinition))) return
  throw new HeldStateError(
    'invalid-definition',
    `It exports "${name}", an object that holds states of other modules. Export them by name, or all of a state module: ` +
      `export * as ${name} from './that.state'`,
  )
}

function sentence(file: string, error: unknown, problems: readonly string[]): string {
  const because = problems.length > 0 ? ` Possible cause: ${problems.join(' ')}` : ''
  return `The state module ${file} cannot be used: ${withoutDot(reasonOf(error))}.${because}`
}

const withoutDot = (text: string) => text.replace(/\.$/, '')
