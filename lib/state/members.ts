/**
 * The members of a definition, by name and kind, gathered stage by stage. Names are unique over all kinds, because a
 * component sees fields, events and tasks in one flat object.
 */

import { copyValue } from '../base/copy.js'
import { HeldStateError } from '../base/errors.js'
import { isPromise } from '../base/eventually.js'
import { handlerLimits } from '../base/server-limits.js'
import { cut } from '../base/text.js'
import { kindOf } from '../base/value.js'
import type { EventDeclaration, TaskDeclaration } from './definition.js'
import type { Predict } from './prediction.js'
import { type Shape, shapeOf } from './shape.js'

// biome-ignore lint/suspicious/noExplicitAny: a computed field reads the view of its own definition, whose type is known to the chain only
export type ComputedField = (state: any) => unknown
type Visibility = 'public' | 'private'
type Fields = Record<string, unknown>

/** Names that would make the flat object in the tab something else than plain data. */
const reserved = new Set([...Object.getOwnPropertyNames(Object.prototype), 'prototype', 'then', 'toJSON'])

/** Makes the fields of an older version those of the present one. */
export type Migrate = (fields: Fields, version: number) => object

export class Members {
  readonly id: string
  readonly computed: ReadonlyMap<string, ComputedField> = new Map()
  readonly events: ReadonlyMap<string, EventDeclaration> = new Map()
  readonly tasks: ReadonlyMap<string, TaskDeclaration> = new Map()
  private readonly inits: readonly { visibility: Visibility; init: () => object }[] = []
  readonly version: number = 1
  readonly migrate: Migrate | undefined
  private fields: ReadonlyMap<string, Visibility> | undefined
  private known: Shape | undefined

  constructor(id: string) {
    this.id = id
  }

  withInit(visibility: Visibility, init: () => object): Members {
    if (typeof init !== 'function')
      throw this.invalid(`the first values of its ${visibility} fields must come from a function, () => ({ ... })`)
    return this.with({ inits: [...this.inits, { visibility, init }] })
  }

  withComputed(more: Record<string, ComputedField>): Members {
    this.refuseNoMembers('.computed({ name: (s) => … }) expects an object', more)
    for (const [name, compute] of Object.entries(more))
      if (typeof compute !== 'function' || isKind(compute, /^class\b/))
        throw this.invalid(`computed "${name}" must be a function of the state`)
      else if (compute.constructor.name !== 'Function')
        throw this.invalid(`computed "${name}" must be a synchronous function, not async or a generator`)
    return this.with({ computed: this.add('computed value', this.computed, more) })
  }

  withEvents(more: Record<string, EventDeclaration>): Members {
    this.refuseNoMembers('.events((on) => ({ … })) expects a function that returns an object', more)
    for (const [name, event] of Object.entries(more))
      if (event?.kind !== 'event') throw this.invalid(`event "${name}" must be made with on(...)`)
    return this.with({ events: this.add('event', this.events, more) })
  }

  withTasks(more: Record<string, TaskDeclaration>): Members {
    this.refuseNoMembers('.tasks((background) => ({ … })) expects a function that returns an object', more)
    for (const [name, task] of Object.entries(more))
      if (task?.kind !== 'task') throw this.invalid(`task "${name}" must be made with background(...)`)
    return this.with({ tasks: this.add('task', this.tasks, more) })
  }

  withVersion(version: number, migrate: Migrate | undefined): Members {
    if (!Number.isSafeInteger(version) || version < 1)
      throw this.invalid(`its version must be a positive integer, not ${JSON.stringify(version)}`)
    if (migrate !== undefined && typeof migrate !== 'function')
      throw this.invalid('version(n, migrate) expects a function (fields, version) => fields')
    return this.with({ version, migrate })
  }

  /** What is saved along with the fields. The same object each time. */
  get shape(): Shape {
    this.known ??= shapeOf(this.version, this.initial())
    return this.known
  }

  /** First values of all fields, checked, and owned by the caller. */
  initial(): Fields {
    const initial: Fields = {}
    const visibilities = new Map<string, Visibility>()
    for (const { visibility, init } of this.inits)
      for (const [name, value] of Object.entries(this.valuesOf(visibility, init))) {
        this.claim(visibilities, `${visibility} field`, name)
        visibilities.set(name, visibility)
        initial[name] = value
      }
    this.fields ??= visibilities
    return initial
  }

  /** What an init gives, checked and copied. */
  private valuesOf(visibility: Visibility, init: () => object): Fields {
    const values = init()
    if (isPromise(values)) {
      Promise.resolve(values).catch(() => {}) // its failure would stop the process
      throw this.invalid(`the first values of its ${visibility} fields must come from a synchronous function`)
    }
    const copy = copyValue(values, [this.id])
    if (kindOf(values) === 'object') return copy as Fields
    throw this.invalid(`the first values of its ${visibility} fields must be a plain object, () => ({ ... })`)
  }

  /** Names are looked for in plain objects alone: a function or a Map in their place would have none. */
  private refuseNoMembers(expected: string, more: unknown): void {
    if (kindOf(more) !== 'object') throw this.invalid(expected)
  }

  /** What the page itself does for optimistic events, by name. */
  get predict(): Readonly<Record<string, Predict>> {
    return Object.fromEntries([...this.events].flatMap(([name, { predict }]) => (predict ? [[name, predict]] : [])))
  }

  /** `undefined` for a name that no `init` gives a value: such a field has no visibility, so it cannot be written. */
  visibilityOf(field: string): Visibility | undefined {
    if (!this.fields) this.initial()
    return this.fields?.get(field)
  }

  /** Whether `fields` has every declared field; one that was removed by a handler counts as missing. */
  isComplete(fields: object): boolean {
    if (!this.fields) this.initial()
    for (const name of this.fields?.keys() ?? []) if (!Object.hasOwn(fields, name)) return false
    return true
  }

  private with(
    change: Partial<Pick<Members, 'computed' | 'events' | 'tasks' | 'version' | 'migrate'>> & {
      inits?: Members['inits']
    },
  ): Members {
    const { id, computed, events, tasks, inits, version, migrate } = this
    return Object.assign(new Members(id), { computed, events, tasks, inits, version, migrate }, change)
  }

  private add<T>(kind: string, existing: ReadonlyMap<string, T>, more: Record<string, T>): ReadonlyMap<string, T> {
    const all = new Map(existing)
    for (const [name, member] of Object.entries(more)) {
      this.claim(new Map(), kind, name)
      all.set(name, member)
    }
    return all
  }

  /** Refuses a name that another member has, and names both. */
  private claim(fields: ReadonlyMap<string, Visibility>, kind: string, name: string): void {
    if (reserved.has(name)) throw this.invalid(`"${name}" cannot be the name of a ${kind}`)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: stores put them between names
    if (/[\u0000-\u001f]/.test(name))
      throw this.invalid(`${JSON.stringify(name)} contains a control character and cannot be the name of a ${kind}`)
    if (name.length > handlerLimits.nameText)
      throw this.invalid(
        `"${cut(name, 80)}" is longer than ${handlerLimits.nameText} characters and cannot be the name of a ${kind}`,
      )
    const other = fields.has(name) ? `${fields.get(name)} field` : this.kindOf(name)
    if (other !== undefined)
      throw new HeldStateError(
        'duplicate-member',
        `State "${this.id}" has two members named "${name}": ${withArticle(other)} and ${withArticle(kind)}. Rename one of them.`,
      )
  }

  private kindOf(name: string): string | undefined {
    if (this.computed.has(name)) return 'computed value'
    if (this.events.has(name)) return 'event'
    if (this.tasks.has(name)) return 'task'
    return undefined
  }

  private invalid(message: string): HeldStateError {
    return new HeldStateError('invalid-definition', `State "${this.id}": ${message}.`)
  }
}

const isKind = (code: (...args: never[]) => unknown, start: RegExp) =>
  start.test(Function.prototype.toString.call(code))

const withArticle = (noun: string) => `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`
