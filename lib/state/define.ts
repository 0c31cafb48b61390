/**
 * `defineState(id, init)` and its chain. Each stage is handed typed triggers of all earlier ones, so that tasks can yield
 * events and events can start tasks.
 */

import { HeldStateError } from '../base/errors.js'
import { plainCopy } from '../delta/plain.js'
import type { Manifest } from '../protocol/manifest.js'
import { type Background, background, type On, on } from './declaration.js'
import type { Definition, EventDeclaration, Shape, TaskDeclaration, TriggersOf } from './definition.js'
import { manifestOf } from './manifest.js'
import { type ComputedField, Members, type Migrate } from './members.js'
import { type Predictions, predictions } from './prediction.js'
import type { Flat, Storable } from './storable.js'
import { partsOf, trigger } from './trigger.js'

const brand: unique symbol = Symbol.for('heldstate.definition') as never

/** Inferred once more, so that an editor shows what it is and not how it came about. */
type Extend<S extends Shape, Key extends keyof Shape, More> = {
  readonly [K in keyof Shape]: K extends Key ? Flat<S[K] & More> : S[K]
} extends infer E extends Shape
  ? E
  : never

type State<S extends Shape> = Flat<S['public'] & S['private']>
type View<S extends Shape> = Readonly<Flat<S['public'] & S['private'] & S['computed']>>

export interface Builder<S extends Shape> extends Definition<S> {
  /** Fields that are kept and usable in handlers, and never leave the server. */
  private<P extends object>(init: () => P & Storable<P>): Builder<Extend<S, 'private', P>>
  /**
   * Values derived from the fields and from earlier computed values. Each is recomputed only when something it read has
   * changed. Pure functions; what they are given is read-only.
   */
  computed<C extends object>(
    fields: { [K in keyof C]: (state: View<S>) => C[K] },
  ): Builder<Extend<S, 'computed', Readonly<C>>>
  /**
   * The version of the shape of the fields, counted from 1. When a state that an older version saved is loaded, `migrate` is
   * given its fields and that version, and returns the fields of this one. Without it, the fields that still fit are kept.
   */
  version(n: number, migrate?: (fields: Record<string, unknown>, version: number) => Partial<State<S>>): Builder<S>
  /** Background tasks: long work in parallel with everything else, which takes the lock only for its writes. */
  tasks<T extends Record<string, TaskDeclaration<never, unknown>>>(
    declare: (background: Background<State<S>, View<S>>, triggers: TriggersOf<S['events'] & S['tasks']>) => T,
  ): Builder<Extend<S, 'tasks', T>>
  /** Events: what a tab may ask for. A handler holds the lock for its whole run. */
  events<E extends Record<string, EventDeclaration<never, unknown>>>(
    declare: (on: On<State<S>, S['public']>, triggers: TriggersOf<S['events'] & S['tasks']>) => E,
  ): Builder<Extend<S, 'events', E>>
}

/** A definition with its code, as the server holds it. */
export interface ServerDefinition extends Definition {
  readonly [brand]: true
  readonly members: Members
}

/**
 * Defines one state: `id` names it across the app and in the store; `init` gives the first values of its public fields.
 * The id must be a written string, since names of variables do not survive a production build.
 */
export function defineState<Public extends object>(
  id: string,
  init: () => Public & Storable<Public>,
): Builder<{ public: Public; private: object; computed: object; events: object; tasks: object }> {
  if (typeof id !== 'string' || !/^[A-Za-z][\w.:/-]{0,63}$/.test(id))
    throw new HeldStateError(
      'invalid-definition',
      `defineState(${JSON.stringify(id)}, ...): an id is a string of 1 to 64 letters, digits and . : / - _ that starts with a letter.`,
    )
  return builder(new Members(id).withInit('public', init)) as never
}

export function isServerDefinition(value: unknown): value is ServerDefinition {
  return typeof value === 'object' && value !== null && brand in value
}

function builder(members: Members): unknown {
  let manifest: Manifest | undefined
  let expected: Predictions | undefined
  const triggers = triggersOf(members)
  return {
    [brand]: true,
    id: members.id,
    members,
    triggers,
    get manifest() {
      manifest ??= manifestOf(members)
      return manifest
    },
    get predictions() {
      expected ??= predictions(members.predict)
      return expected
    },
    private: (init: () => object) => builder(members.withInit('private', init)),
    computed: (fields: Record<string, ComputedField>) => builder(members.withComputed(fields)),
    version: (n: number, migrate?: Migrate) => builder(members.withVersion(n, migrate)),
    tasks: (declare: (b: typeof background, t: typeof triggers) => Record<string, TaskDeclaration>) =>
      builder(members.withTasks(declared(declare, background, triggers))),
    events: (declare: (o: typeof on, t: typeof triggers) => Record<string, EventDeclaration>) =>
      builder(members.withEvents(declared(declare, on, triggers))),
  }
}

/** `undefined` for what is no function, which the members refuse by name. */
const declared = <M, T, R>(declare: (maker: M, triggers: T) => R, maker: M, triggers: T): R =>
  typeof declare === 'function' ? declare(maker, triggers) : (undefined as R)

function triggersOf(members: Members) {
  const names = [...members.events.keys(), ...members.tasks.keys()]
  return Object.fromEntries(
    names.map((name) => [
      name,
      (...given: unknown[]) => {
        const { args, parent } = partsOf(given)
        return trigger(members.id, name, carried(name, args), parent)
      },
    ]),
  )
}

/** What a trigger carries are the values of now: those of the state may change before it is run, and are the handler's no more. */
const carried = (name: string, args: readonly unknown[]): readonly unknown[] =>
  args.some((arg) => typeof arg === 'object' && arg !== null)
    ? (plainCopy(args, [name, 'arguments']) as unknown[])
    : args
