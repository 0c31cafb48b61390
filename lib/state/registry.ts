/**
 * The definitions of one app, by id. The modules are loaded by Next and handed over whole, again after each edit; values
 * and running tasks are kept elsewhere and do not notice.
 */

import { HeldStateError } from '../base/errors.js'
import { listed } from '../base/name-list.js'
import { refuseModule } from './broken-module.js'
import { isServerDefinition, type ServerDefinition } from './define.js'

/** One state module: where it stands, for messages, and what it exports. */
export interface StateModule {
  readonly source: string
  readonly exports: Readonly<Record<string, unknown>>
}

type Definitions = ReadonlyMap<string, ServerDefinition>

export class Registry {
  private definitions: Definitions = new Map()
  /** The app that the definitions are compiled into; unknown where no bundler has compiled them. */
  app: string | undefined
  private asks: boolean | undefined
  private readonly listeners = new Set<(edited: Definitions, before: Definitions) => void>()

  /** `listener` is called after each replacement, with the definitions that were edited, and with all that there were before. */
  onReplace(listener: (edited: Definitions, before: Definitions) => void): void {
    this.listeners.add(listener)
  }

  /**
   * Replaces all definitions by those that `modules` export. Fails whole: on an error the old ones stay. With `again`, a module may
   * have been evaluated again without an edit; then one is edited if the text of its functions differs.
   */
  replace(modules: readonly StateModule[], again = false): void {
    const next = new Map<string, { definition: ServerDefinition; source: string }>()
    for (const { source, exports } of modules)
      for (const definition of Object.values(exports))
        if (isServerDefinition(definition)) {
          tryFirstValues(definition, source)
          add(next, definition, source)
        }
    const before = this.definitions
    this.asks = undefined
    this.definitions = new Map([...next].map(([id, { definition }]) => [id, definition]))
    const edited = [...this.definitions].filter(([id, definition]) => isEdited(before.get(id), definition, again))
    for (const listener of this.listeners) listener(new Map(edited), before)
  }

  /** Adds single definitions, as a test or a script does that has no bundler. */
  add(...definitions: unknown[]): void {
    const next = new Map([...this.definitions].map(([id, definition]) => [id, { definition, source: 'the registry' }]))
    for (const definition of definitions) {
      if (!isServerDefinition(definition))
        throw new HeldStateError('invalid-definition', 'Only what defineState(...) returns can be added to a registry.')
      definition.members.initial()
      add(next, definition, 'this call')
    }
    this.asks = undefined
    this.definitions = new Map([...next].map(([id, { definition }]) => [id, definition]))
  }

  get(id: string): ServerDefinition {
    const definition = this.definitions.get(id)
    if (definition) return definition
    throw new HeldStateError(
      'unknown-definition',
      `No state is defined with the id ${quote(id)}.${listed(' Defined states: ', this.definitions.keys())}`,
    )
  }

  /** Whether some event asks for a request: then the cookies of a page matter. */
  get asksForRequests(): boolean {
    this.asks ??= [...this.definitions.values()].some(({ members }) =>
      [...members.events.values()].some(({ request }) => request),
    )
    return this.asks
  }

  has(id: string): boolean {
    return this.definitions.has(id)
  }
}

/** First values that throw, and a field that shares its name with an event, fail here, when the app starts. */
function tryFirstValues({ members }: ServerDefinition, source: string): void {
  try {
    members.initial()
  } catch (error) {
    refuseModule(source, error)
  }
}

function add(
  to: Map<string, { definition: ServerDefinition; source: string }>,
  definition: ServerDefinition,
  source: string,
) {
  const { id } = definition
  const other = to.get(id)
  if (other && other.definition.members !== definition.members)
    throw new HeldStateError(
      'duplicate-id',
      `Two states have the id "${id}": one in ${other.source}, one in ${source}. Give one of them another id.`,
    )
  to.set(id, { definition, source })
}

function isEdited(before: ServerDefinition | undefined, now: ServerDefinition, again: boolean): boolean {
  if (!before || before.members === now.members) return false
  return !again || textOf(before) !== textOf(now)
}

/** The code of a definition, but for what its functions call. */
function textOf({ members: { computed, events, tasks } }: ServerDefinition): string {
  const handlers = [...events.values(), ...tasks.values()].map(({ handler }) => handler)
  return [...computed.values(), ...handlers].map(String).join('\n')
}

/** What a tab sent, cut to a length that is fit to print. */
const quote = (text: string) => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}...` : text)
