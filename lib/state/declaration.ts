/**
 * What `on(...)` and `background(...)` make: the declaration of one event or of one background task. A declaration is
 * no function to call; calling it says so.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { Duration } from '../base/duration.js'
import { HeldStateError } from '../base/errors.js'
import type { EventDeclaration, TaskDeclaration } from './definition.js'
import { invalid, refuseUnknown } from './invalid-definition.js'
import type { Predict } from './prediction.js'
import type { Reply } from './reply.js'
import type { EventContext, Self } from './self.js'
import { againOf, aloneOf, retryOf, type TaskOptions, taskOptions, timeoutOf } from './task-options.js'
import type { Trigger } from './trigger.js'

type Handler = EventDeclaration['handler']

/** What a handler or task may return or yield: nothing, a trigger, or several in order. */
export type Triggers = void | undefined | Trigger | readonly Trigger[]

/** What a handler may return besides: what it gives to its caller, `reply(value)`, alone or in the list with the triggers. */
export type Results = Triggers | Reply | readonly (Trigger | Reply)[]

export type EventResult =
  | Results
  | Promise<Results>
  | Generator<Triggers, Results, undefined>
  | AsyncGenerator<Triggers, Results, undefined>

/** What an event or a task gives to its caller whose handler gives `Result`; `undefined` where it may return no reply. */
export type Replied<Result> = [RepliesIn<Returned<Result>>] extends [undefined] ? void : RepliesIn<Returned<Result>>

type Returned<Result> =
  Result extends Promise<infer Value>
    ? Value
    : Result extends Generator<unknown, infer Value, undefined>
      ? Value
      : Result extends AsyncGenerator<unknown, infer Value, undefined>
        ? Value
        : Result

type RepliesIn<Value> =
  Value extends Reply<infer Given>
    ? Given
    : Value extends readonly (infer Item)[]
      ? [Extract<Item, Reply>] extends [never]
        ? undefined
        : RepliesIn<Extract<Item, Reply>>
      : undefined

export type TaskResult = Results | Promise<Results> | AsyncGenerator<Triggers, Results, undefined>

export interface EventOptions {
  /**
   * Whether a call waits while the page is not connected: it waits in order and is sent later (`'queue'`, the default), or it fails at
   * once with `offline` (`'reject'`), for an event that must not be queued.
   */
  readonly whenOffline?: 'queue' | 'reject'
  /**
   * Runs the handler inside a request to the app, so that Next's `cookies()`, `headers()`, `revalidatePath()` and `after()` work in
   * it. Cookies and headers are those of the visitor whose page called. Cookies that it sets reach no browser. Takes about 3 ms.
   */
  readonly request?: boolean
  /**
   * How long the handler may take from its start or its last `yield`. Then the call fails with `event-timeout`, and changes that were
   * not shown are dropped. The lock is held all that time. Default: 30 seconds, the limit `eventTimeoutMs`.
   */
  readonly timeout?: Duration
}

/** The one argument that a schema leaves to the caller: what goes in, optional where the schema takes nothing. */
export type SchemaArgs<Schema extends StandardSchemaV1> =
  undefined extends StandardSchemaV1.InferInput<Schema>
    ? [input?: StandardSchemaV1.InferInput<Schema>]
    : [input: StandardSchemaV1.InferInput<Schema>]

/**
 * Declares an event: `on(handler)`, `on(schema, handler)`, `on(options, handler)` or `on({ input: schema, ... }, handler)`.
 * The handler holds the lock for its whole run.
 *
 * With `optimistic: true` a page runs the handler, too, and shows what it makes of the public fields until the server has
 * answered; then it shows what the server says. The handler must be plain and use nothing but its arguments. Where it
 * is not, `optimistic: (state, ...args) => { ... }` says what the page shows. Only that function goes into the
 * browser bundle; what it may not use is refused when it is compiled.
 */
export interface On<State, Public = State> {
  <Schema extends StandardSchemaV1, Result extends EventResult>(
    schema: Schema,
    handler: (this: EventContext, state: State, input: StandardSchemaV1.InferOutput<Schema>) => Result,
  ): EventDeclaration<SchemaArgs<Schema>, Replied<Result>>
  <Schema extends StandardSchemaV1, Result extends EventResult>(
    options: EventOptions & {
      readonly input: Schema
      readonly optimistic?: (state: Public, ...input: SchemaArgs<Schema>) => void
    },
    handler: (this: EventContext, state: State, input: StandardSchemaV1.InferOutput<Schema>) => Result,
  ): EventDeclaration<SchemaArgs<Schema>, Replied<Result>>
  <Args extends unknown[], Result extends EventResult>(
    handler: (this: EventContext, state: State, ...args: Args) => Result,
  ): EventDeclaration<Args, Replied<Result>>
  <Args extends unknown[], Result extends EventResult>(
    options: EventOptions & { readonly input?: never; readonly optimistic: true },
    handler: (this: void, state: Public, ...args: Args) => Result,
  ): EventDeclaration<Args, Replied<Result>>
  <Args extends unknown[], Result extends EventResult, Shown extends unknown[] = []>(
    options: EventOptions & {
      readonly input?: never
      readonly optimistic?: (state: Public, ...args: Shown) => void
    },
    handler: (this: EventContext, state: State, ...args: Args) => Result,
  ): EventDeclaration<Takes<Args, Shown>, Replied<Result>>
}

/** The arguments of an event, if what the page shows of it can be given them as well. */
type Takes<Args extends unknown[], Shown extends unknown[]> = ((...args: Shown) => void) extends (...args: Args) => void
  ? Args
  : never

/**
 * Declares a background task: `background(run)`, `background(options, run)`, `background({ input: schema }, run)`. What it returns as a
 * `reply(value)` is its result.
 */
export interface Background<State, View = State> {
  <Args extends unknown[], Result extends TaskResult>(
    run: (self: Self<State, View>, ...args: Args) => Result,
  ): TaskDeclaration<Args, Replied<Result>>
  <Schema extends StandardSchemaV1, Result extends TaskResult>(
    options: TaskOptions & { readonly input: Schema },
    run: (self: Self<State, View>, input: StandardSchemaV1.InferOutput<Schema>) => Result,
  ): TaskDeclaration<SchemaArgs<Schema>, Replied<Result>>
  <Args extends unknown[], Result extends TaskResult>(
    options: TaskOptions,
    run: (self: Self<State, View>, ...args: Args) => Result,
  ): TaskDeclaration<Args, Replied<Result>>
}

type FullEventOptions = EventOptions & { readonly input?: StandardSchemaV1; readonly optimistic?: true | Predict }

export const on = (...given: [Handler] | [StandardSchemaV1 | FullEventOptions, Handler]): EventDeclaration => {
  const [options, handler] = given.length === 2 ? [optionsOf(given[0]), given[1]] : [{}, given[0]]
  const { input, whenOffline = 'queue', optimistic, request = false, timeout } = options as FullEventOptions
  if (whenOffline !== 'queue' && whenOffline !== 'reject')
    throw invalid(`on({ whenOffline: ${JSON.stringify(whenOffline)} }): expected "queue" or "reject"`)
  if (typeof request !== 'boolean') throw invalid(`on({ request: ${JSON.stringify(request)} }): expected true or false`)
  const timeoutMs = timeoutOf('on', timeout)
  const schema = schemaOf('on', input)
  const predict = predictOf(optimistic, schema, handler)
  const declaration = { schema, handler: handlerOf('on', handler), whenOffline, request, timeout: timeoutMs, predict }
  return declare('on', { kind: 'event' as const, ...declaration })
}

/** What a page runs: the handler itself, where that is possible. */
function predictOf(optimistic: unknown, schema: unknown, handler: Handler): Predict | undefined {
  if (optimistic === undefined) return undefined
  const wanted = 'Pass a separate function for the page: optimistic: (state, ...args) => { ... }'
  if (optimistic === true && schema !== undefined)
    throw invalid(
      `on({ optimistic: true, input }): the page does not have the schema, so it cannot run the handler. ${wanted}`,
    )
  const predict = optimistic === true ? handler : optimistic
  if (typeof predict !== 'function')
    throw invalid(`on({ optimistic: ${JSON.stringify(optimistic)} }): expected true or a function`)
  if (predict.constructor.name !== 'Function')
    throw invalid(`on({ optimistic }): a prediction is synchronous, so it cannot be async or a generator. ${wanted}`)
  return predict as Predict
}

const eventOptions = new Set(['input', 'whenOffline', 'optimistic', 'request', 'timeout'])

/** A plain object of known options; anything else is meant as a schema. */
function optionsOf(given: StandardSchemaV1 | FullEventOptions): FullEventOptions {
  const keys = typeof given === 'object' && given !== null ? Object.keys(given) : []
  refuseUnknown('on', given, eventOptions)
  const known = keys.length > 0 && keys.every((key) => eventOptions.has(key))
  return known ? (given as FullEventOptions) : { input: given as StandardSchemaV1 }
}

/** Without this, a schema or a word in their place would be left out without a word. */
function refuseNoOptions(options: unknown): void {
  if (isSchema(options))
    throw invalid('background(schema, run): pass the schema as an option: background({ input: schema }, run)')
  if (typeof options === 'object' && options !== null && !Array.isArray(options)) return
  if (typeof options !== 'function')
    throw invalid(`background(${JSON.stringify(options)}, run): expected options such as { concurrency: 'single' }`)
}

export const background = (...given: [Handler] | [TaskOptions & { input?: StandardSchemaV1 }, Handler]) => {
  const [options, handler] = given.length === 2 ? given : [{}, given[0]]
  refuseNoOptions(options)
  refuseUnknown('background', options, taskOptions)
  const concurrency = options.concurrency ?? 'many'
  if (concurrency !== 'many' && concurrency !== 'single' && concurrency !== 'queue')
    throw invalid(`background({ concurrency: ${JSON.stringify(concurrency)} }): expected "many", "single" or "queue"`)
  const { durable = false, timeout } = options
  if (typeof durable !== 'boolean')
    throw invalid(`background({ durable: ${JSON.stringify(durable)} }): expected true or false`)
  const timeoutMs = timeoutOf('background', timeout)
  const restartOnEdit = options.restartOnEdit ?? false
  if (typeof restartOnEdit !== 'boolean')
    throw invalid(`background({ restartOnEdit: ${JSON.stringify(restartOnEdit)} }): expected true or false`)
  const schema = schemaOf('background', options.input)
  return declare('background', {
    kind: 'task' as const,
    schema,
    handler: handlerOf('background', handler),
    concurrency,
    again: againOf(options.again, concurrency),
    alone: aloneOf(options.onDisconnect ?? 'keep'),
    durable,
    retry: retryOf(options.retry ?? 0),
    timeout: timeoutMs,
    restartOnEdit,
  }) satisfies TaskDeclaration
}

/** A declaration is a function only so that calling it can explain itself. */
function declare<D extends object>(maker: string, declaration: D): D & { readonly line: Error | undefined } {
  const line = development ? new Error(`${maker}(...) was called here.`) : undefined
  const refuse = () => {
    throw new HeldStateError(
      'not-callable',
      `What ${maker}(...) returned is a declaration, not a function. To run it, return or yield its trigger ` +
        'from a handler, or call it in a component through useServerState.',
    )
  }
  return Object.assign(refuse, declaration, { line })
}

function handlerOf(maker: string, handler: unknown): Handler {
  if (typeof handler !== 'function') throw invalid(`${maker}(...) needs a function, got ${typeof handler}`)
  return handler as Handler
}

function schemaOf(maker: string, schema: unknown): StandardSchemaV1 | undefined {
  if (schema === undefined) return undefined
  if (isSchema(schema)) return schema
  throw invalid(`${maker}(schema, ...): expected a Standard Schema, such as one of Zod, Valibot or ArkType.`)
}

const isSchema = (value: unknown): value is StandardSchemaV1 =>
  typeof (value as StandardSchemaV1 | null | undefined)?.['~standard']?.validate === 'function'

const development = process.env.NODE_ENV !== 'production'
