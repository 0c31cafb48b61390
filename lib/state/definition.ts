/**
 * A definition is what `defineState(...)` and its chain make: an id, the fields with their first values, what is computed
 * from them, and the events and tasks that change them. It is immutable; each stage of the chain makes a new one.
 *
 * Modules outside the server hold a stub in its place, with the same type, id, manifest and triggers, and nothing else.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { DeepReadonly } from '../delta/view.js'
import type { Manifest } from '../protocol/manifest.js'
import type { Predict, Predictions } from './prediction.js'
import type { Flat } from './storable.js'
import type { Trigger, TriggerOptions } from './trigger.js'

/** The types of one definition, gathered by the chain. */
export interface Shape {
  readonly public: object
  readonly private: object
  readonly computed: object
  readonly events: object
  readonly tasks: object
}

declare const shape: unique symbol

export interface Definition<S extends Shape = Shape> {
  readonly id: string
  /** What a tab needs to know before it has heard from the hub: names, and first values of what is public. */
  readonly manifest: Manifest
  /** Makes triggers for the events and tasks of this definition, from any other one. */
  readonly triggers: TriggersOf<S['events'] & S['tasks']>
  /** What optimistic events are expected to do; left out if there are none. */
  readonly predictions?: Predictions
  readonly [shape]?: S
}

export type ShapeOf<D> = D extends Definition<infer S> ? S : never

/** What a handler changes: public and private fields. */
export type StateOf<D> = Flat<ShapeOf<D>['public'] & ShapeOf<D>['private']>

/** What server code may read: the fields, and what is computed from them. */
export type ViewOf<D> = Flat<ShapeOf<D>['public'] & ShapeOf<D>['private'] & ShapeOf<D>['computed']>

// biome-ignore lint/suspicious/noExplicitAny: a stored handler has the types of its declaration, which the list of all cannot name
type Handler = (this: any, ...args: any[]) => unknown

/** `Value` is what its call resolves with. */
export interface EventDeclaration<Args extends readonly unknown[] = readonly unknown[], Value = unknown> {
  readonly kind: 'event'
  readonly schema: StandardSchemaV1 | undefined
  readonly handler: Handler
  readonly whenOffline: 'queue' | 'reject'
  readonly request: boolean
  /** Milliseconds that it may take; `undefined` for what the hub allows. */
  readonly timeout: number | undefined
  /** Runs in the page, where the event is optimistic. */
  readonly predict: Predict | undefined
  /** In development, where it was declared. */
  readonly line?: Error | undefined
  readonly args?: (args: Args) => void
  readonly value?: () => Value
}

/** `Value` is the result of its run. */
export interface TaskDeclaration<Args extends readonly unknown[] = readonly unknown[], Value = unknown> {
  readonly kind: 'task'
  readonly schema: StandardSchemaV1 | undefined
  readonly handler: Handler
  readonly concurrency: 'many' | 'single' | 'queue'
  /** What a further start of a single one does. */
  readonly again: 'join' | 'reject' | 'restart'
  /** Milliseconds for which it goes on without a tab; `undefined` for ever. */
  readonly alone: number | undefined
  readonly durable: boolean
  readonly retry: { readonly times: number; readonly waitMs: number }
  /** Milliseconds that one attempt may take. */
  readonly timeout: number | undefined
  readonly restartOnEdit: boolean
  /** In development, where it was declared. */
  readonly line?: Error | undefined
  readonly args?: (args: Args) => void
  readonly value?: () => Value
}

/** Arguments of a declared event or task, as its caller gives them. */
export type ArgsOf<M> =
  M extends EventDeclaration<infer A, unknown> ? A : M extends TaskDeclaration<infer A, unknown> ? A : never

/** What a declared event replies, or the result of a declared task. */
export type ReplyOf<M> =
  M extends EventDeclaration<never, infer Value> ? Value : M extends TaskDeclaration<never, infer Value> ? Value : void

export type TriggersOf<Members> = {
  readonly [K in keyof Members]: Members[K] extends TaskDeclaration<never, unknown>
    ? TaskTrigger<ArgsOf<Members[K]>>
    : (...args: ArgsOf<Members[K]>) => Trigger
}

/** Makes the trigger of a task. With `{ with: self }` after the arguments, the task is cancelled with the one that starts it. */
export interface TaskTrigger<Args extends readonly unknown[]> {
  (...args: [...Args, options: TriggerOptions]): Trigger
  (...args: Args): Trigger
}

/** What a tab sees of a background task, and how it starts and cancels it. */
export interface TaskHandle<Args extends readonly unknown[] = readonly unknown[], Value = void> {
  /** How many copies run now in this tab's state. */
  readonly running: number
  /** How many starts wait for those before them: with `concurrency: 'queue'`, or while the run that a start replaces is ending. */
  readonly waiting: number
  /** The last reported fraction, 0 to 1; `null` before the first report. */
  readonly progress: number | null
  /** The note of the last report; `null` if it had none. */
  readonly note: string | null
  /** How the last run failed; `null` while one runs or after one ended well. */
  readonly error: { readonly code: string; readonly message: string } | null
  /** How the last run ended; `null` before the first has, and again once another starts. `failed` goes with an `error`. */
  readonly outcome: 'done' | 'failed' | 'cancelled' | null
  /** What the last run replied that has replied something. It stays while others run, and when one fails. */
  readonly result: DeepReadonly<Value> | undefined
  /** The copies that run, the oldest first, and after them the starts that wait. */
  readonly runs: readonly TaskCopy[]
  /** Resolves when the page shows the task as running or as waiting, with the id of the run; rejects with a `HeldStateError`. */
  readonly start: EventFunction<Args, StartedRun>
  /** Starts the task and waits for its end, over reconnects: resolves with its result, and rejects with its failure. */
  readonly run: EventFunction<Args, EndedRun<Value>>
  /** Waits for the end of the run with this id, as `run` does. Rejects with `unknown-run` where nothing is known of it. */
  readonly wait: EventFunction<[run: string], EndedRun<Value>>
  /**
   * Cancels the run with this id, or every running copy and every start that waits. Once it resolves, none of them writes anything more.
   */
  readonly cancel: EventFunction<[]> & ((run: string) => Promise<void>)
}

/** A run that was started, or that a start has joined. */
export interface StartedRun {
  /** `self.run` of the task. */
  readonly run: string
}

/** A run that has ended well. */
export interface EndedRun<Value> extends StartedRun {
  /** What the task has returned as a `reply`. */
  readonly result: Value
}

/** One copy of a task. */
export interface TaskCopy extends StartedRun {
  /** The last reported fraction of this copy, 0 to 1; `null` before the first report. */
  readonly progress: number | null
  /** The note of that report; `null` if it had none. */
  readonly note: string | null
  /** When it began, in milliseconds since the epoch by the clock of the server; `null` while it waits. */
  readonly started: number | null
  /** Counts from 1. */
  readonly attempt: number
}

/**
 * Calls an event, or something of a task. Resolves when its effect is committed and shown, with what the event replied; rejects with a
 * `HeldStateError`.
 */
export type EventFunction<Args extends readonly unknown[] = readonly unknown[], Value = void> = Call<Args, Value> & {
  /** Whether a call of this page has not settled yet, for a button that shows it. A component that reads it renders again when it changes. */
  readonly pending: boolean
}

/** Where the one argument is an object that the fields of a form can be, the form itself does as well: `<form action={c.submit}>`. */
export type Call<Args extends readonly unknown[], Value = void> = (IsForm<Args> extends true
  ? FormCall<Value>
  : unknown) &
  ((...args: Args) => Promise<Value>)

/** A form's action resolves with nothing, as React has it. */
type FormCall<Value> = [Value] extends [void]
  ? (form: FormData) => Promise<void>
  : { (form: FormData): Promise<Value>; (form: FormData): Promise<void> }

type IsForm<Args extends readonly unknown[]> = Args extends readonly []
  ? false
  : Args extends readonly [input?: infer Input]
    ? IsFields<NonNullable<Input>>
    : false

/** A distribution over a union would give both answers where one fits, so the union is asked for its objects alone. */
type IsFields<Input> = unknown extends Input
  ? true
  : [Extract<Input, object>] extends [never]
    ? false
    : [Input] extends [readonly unknown[] | Date | ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>]
      ? false
      : false extends { [K in keyof Extract<Input, object>]-?: IsField<Extract<Input, object>[K]> }[keyof Extract<
            Input,
            object
          >]
        ? false
        : true

/** A field comes as a text, and as a list of texts where its name is repeated. */
type IsField<Value> = unknown extends Value
  ? true
  : [Extract<Value, string | readonly string[]>] extends [never]
    ? false
    : true

/** The flat object that `useServerState(definition)` returns. */
export type ClientView<D> = Flat<
  DeepReadonly<ShapeOf<D>['public']> &
    DeepReadonly<ShapeOf<D>['computed']> & {
      readonly [K in keyof ShapeOf<D>['events']]: EventFunction<
        ArgsOf<ShapeOf<D>['events'][K]>,
        ReplyOf<ShapeOf<D>['events'][K]>
      >
    } & {
      readonly [K in keyof ShapeOf<D>['tasks']]: TaskHandle<
        ArgsOf<ShapeOf<D>['tasks'][K]>,
        ReplyOf<ShapeOf<D>['tasks'][K]>
      >
    }
>
