/**
 * From a call or a trigger to the handler it names. An event runs inside one transaction; each `yield` of a generator
 * commits what changed so far. A task is only started here.
 */
import { concealed } from '../base/concealed.js'
import type { Json } from '../base/encode.js'
import { HeldStateError } from '../base/errors.js'
import { after, type Eventually, isPromise } from '../base/eventually.js'
import { listed } from '../base/name-list.js'
import { stackless } from '../base/stackless.js'
import { cut } from '../base/text.js'
import type { CallName } from '../instance/call-log.js'
import { unguarded } from '../instance/cancel-guard.js'
import { Deadline } from '../instance/deadline.js'
import { type ArgumentsCore, argumentsOf, late } from '../instance/handler-arguments.js'
import { HandlerContext } from '../instance/handler-context.js'
import { madeBy, markReturned } from '../instance/made-triggers.js'
import { type Outcome, type Request, transactPipelined } from '../instance/transact.js'
import type { Transaction } from '../instance/transaction.js'
import { answerIn } from '../state/answer.js'
import type { ServerDefinition } from '../state/define.js'
import type { EventDeclaration, TaskDeclaration } from '../state/definition.js'
import { isIterator, type Trigger, triggersIn } from '../state/trigger.js'
import type { TaskScheduler } from '../tasks/scheduler.js'
import type { SentCalls, TaskStart } from '../tasks/task-start.js'
import { type Dispatched, finished, type InFlight } from './call-order.js'
import { closeIterator, interrupted, nextStep } from './generator.js'

/** A request as an event sees it that asks for one: what its page connected with. */
export interface Visit {
  readonly cookies?: string | undefined
  readonly visitor?: Readonly<Record<string, string>> | undefined
}

/** What dispatch needs in addition to what transactions need. */
export interface DispatchCore extends ArgumentsCore {
  readonly tasks: Pick<TaskScheduler, 'start' | 'isSaved' | 'addStart'>
  /** Starts what a handler returned or yielded; their failures are the hub's to report. */
  start(token: string, next: readonly Next[]): void
  report(token: string, error: unknown): void
  readonly options: {
    readonly inRequest?: <T>(work: () => Promise<T>, cookies: Visit['cookies'], visitor: Visit['visitor']) => Promise<T>
  }
}

/** What follows a handler: a trigger, or a task whose start is saved. */
export type Next = Trigger | TaskStart

/** What a handler has come to. */
interface Result {
  readonly next: readonly Next[]
  /** What its page is sent, encoded. */
  readonly reply: Json | undefined
}

export interface Call {
  readonly token: string
  readonly definition: string
  readonly member: string
  readonly args: readonly unknown[]
  /** Of a trigger: the run that the task which it starts is cancelled with. */
  readonly parent?: string | undefined
  /** Given for a call of a tab; a trigger has none. */
  readonly name?: CallName
  /** Of its page: what it has sent since. */
  readonly inbox?: SentCalls
  /** Calls of its page that are not kept yet. */
  readonly before?: InFlight | undefined
  /** Of the page that called. */
  readonly from?: Visit
}

/** Runs the event or starts the task that a call names. */
export function dispatch(core: DispatchCore, call: Call): Eventually<Dispatched> {
  const definition = core.registry.get(call.definition)
  const event = definition.members.events.get(call.member)
  return event && !event.schema
    ? runEvent(core, call, definition, event, call.args)
    : after(resolveCall(core, call), (run) => run())
}

/** Finds what a call names and validates its arguments; what it gives runs it. */
export function resolveCall(core: DispatchCore, call: Call): Eventually<() => Eventually<Dispatched>> {
  const definition = core.registry.get(call.definition)
  const event = definition.members.events.get(call.member)
  if (event) return after(argumentsOf(core, call, event), (args) => () => runEvent(core, call, definition, event, args))
  const declaration = definition.members.tasks.get(call.member)
  if (!declaration) throw unknownMember(definition, call.member)
  const { token, parent } = call
  const start = { token, definition: definition.id, task: call.member, declaration, parent }
  return after(argumentsOf(core, call, declaration), (args) => () => {
    return after(call.before?.settled, () => {
      call.before?.pending.check()
      const { name, inbox } = call
      const started = core.tasks.start({ ...start, args, rawArgs: call.args }, name && { name, inbox })
      return after(started, (outcome) => (outcome === 'answered' ? outcome : { done: undefined, reply: outcome.run }))
    })
  })
}

function runEvent(
  core: DispatchCore,
  call: Call,
  definition: ServerDefinition,
  declaration: EventDeclaration,
  args: readonly unknown[],
): Eventually<Dispatched> {
  const { token, name, from, before } = call
  const { inRequest } = core.options
  const event: Request<Result> = {
    token,
    guard: unguarded,
    author: declaration.handler,
    work: (transaction) => handle(core, transaction, call, definition, declaration, args),
    call: { name, before: before?.pending },
    holder: call,
  }
  let outcome: Eventually<Outcome<Result>>
  try {
    outcome =
      declaration.request && inRequest
        ? inRequest(() => kept(core, event), from?.cookies, from?.visitor)
        : transactPipelined(core, event)
  } catch (error) {
    return refuse(nameOf(call), error)
  }
  if (!isPromise(outcome)) return follow(core, call, outcome)
  return Promise.resolve(outcome).then(
    (late) => follow(core, call, late),
    (error) => refuse(nameOf(call), error),
  )
}

/** Calls the handler, under the lock. Gives what follows from it. */
function handle(
  core: DispatchCore,
  transaction: Transaction,
  call: Call,
  definition: ServerDefinition,
  declaration: EventDeclaration,
  args: readonly unknown[],
): Eventually<Result> {
  transaction.markExisting()
  const made = madeBy(core.log, call)
  transaction.made = made
  const state = transaction.get(definition.id)
  let returned: unknown
  core.watchdog.enter('Event', call.definition, call.member)
  try {
    returned = declaration.handler.call(new HandlerContext(definition.id, transaction), state, ...args)
  } finally {
    core.watchdog.leave()
  }
  return isPromise(returned) || isIterator(returned)
    ? inTime(core, transaction, returned, call, declaration).then((value) =>
        nextOf(core, transaction, value, call, declaration, made),
      )
    : nextOf(core, transaction, returned, call, declaration, made)
}

/** What follows from `value`, which the handler has come to. */
function nextOf(
  core: DispatchCore,
  transaction: Transaction,
  value: unknown,
  call: Call,
  declaration: EventDeclaration,
  made: ReturnType<typeof madeBy>,
): Eventually<Result> {
  const { triggers, reply } = answerIn(value, () => nameOf(call), declaration.line)
  markReturned(triggers)
  made?.close(true)
  if (reply !== undefined && call.name) transaction.answer(reply)
  return after(announced(core, transaction, triggers), (next) => ({ next, reply }))
}

/** A handler that asks for a request has it until its change is kept. */
async function kept<T>(core: DispatchCore, event: Request<T>): Promise<Outcome<T>> {
  const outcome = await transactPipelined(core, event)
  if (outcome !== 'answered') await outcome.durable
  return outcome
}

/** What an event has brought about begins once its change is kept. Where that is nothing, the next call of its page need not wait for it. */
function follow(core: DispatchCore, call: Call, outcome: Outcome<Result>): Dispatched {
  if (outcome === 'answered') return outcome
  const { value, durable, pipelined } = outcome
  const { next, reply } = value
  if (!isPromise(durable)) {
    core.start(call.token, next)
    return reply === undefined ? finished : { done: undefined, reply }
  }
  const done = durable.then(
    () => core.start(call.token, next),
    (error) => refuse(nameOf(call), error),
  )
  return { done, pending: next.length === 0 ? pipelined : undefined, reply }
}

/** What an event has yielded. Should that be no trigger, only its declaration has a line. */
function triggersOf(value: unknown, call: Call, { line }: EventDeclaration): readonly Trigger[] {
  const triggers = triggersIn(value, () => nameOf(call), line)
  markReturned(triggers)
  return triggers
}

/** An event, for people. */
const nameOf = ({ definition, member }: Call) => `Event "${member}" of state "${definition}"`

/**
 * The starts of tasks that are saved become part of the change that brings them about: either both are there or neither.
 * One that may not start is reported, and left out.
 */
function announced(
  core: DispatchCore,
  transaction: Transaction,
  triggers: readonly Trigger[],
): Eventually<readonly Next[]> {
  if (triggers.length === 0 || !triggers.some((trigger) => savedTask(core, trigger))) return triggers
  return Promise.all(triggers.map((trigger) => announcedOne(core, transaction, trigger))).then((all) =>
    all.filter((next) => next !== undefined),
  )
}

async function announcedOne(core: DispatchCore, transaction: Transaction, trigger: Trigger): Promise<Next | undefined> {
  const declaration = savedTask(core, trigger)
  if (!declaration) return trigger
  try {
    const { definition, member: task, parent } = trigger
    const args = await argumentsOf(core, trigger, declaration)
    const start = { token: transaction.token, definition, task, declaration, args, rawArgs: trigger.args, parent }
    return core.tasks.addStart(start, transaction)
  } catch (error) {
    core.report(transaction.token, error)
    return undefined
  }
}

function savedTask({ registry, tasks }: DispatchCore, { definition, member }: Trigger): TaskDeclaration | undefined {
  const declaration = registry.has(definition) ? registry.get(definition).members.tasks.get(member) : undefined
  return declaration && tasks.isSaved({ declaration }) ? declaration : undefined
}

/** The page reads what the author has written for visitors; all else is for the log. */
function refuse(where: string, error: unknown): never {
  throw concealed('handler-failed', where, error)
}

/** What a handler comes to that has returned a promise or a generator, if it does in time. */
function inTime(
  core: DispatchCore,
  transaction: Transaction,
  returned: Promise<unknown> | Iterator<unknown> | AsyncIterator<unknown>,
  call: Call,
  declaration: EventDeclaration,
): Promise<unknown> {
  const { timeout = core.limits.eventTimeoutMs } = declaration
  const deadline = new Deadline(core, timeout, () => nameOf(call), late)
  return deadline.within(
    isIterator(returned)
      ? iterate(core, transaction, returned, call, declaration, deadline)
      : Promise.resolve(returned),
  )
}

/** Runs all of a generator and returns what it returned. */
async function iterate(
  core: DispatchCore,
  transaction: Transaction,
  iterator: Iterator<unknown> | AsyncIterator<unknown>,
  call: Call,
  declaration: EventDeclaration,
  deadline: Deadline,
): Promise<unknown> {
  const where = () => nameOf(call)
  for (;;) {
    const step = await nextStep(core.watchdog, iterator, call)
    if (step.done) return step.value
    try {
      deadline.check()
      deadline.stop() // the store takes its own time
      const next = await announced(core, transaction, triggersOf(step.value, call, declaration))
      await transaction.saveAndShow(interrupted(where()))
      core.start(transaction.token, next)
      deadline.start()
    } catch (error) {
      await closeIterator(iterator)
      throw error
    }
  }
}

function unknownMember({ id, members }: ServerDefinition, name: string): HeldStateError {
  const known = listed(' Known: ', [...members.events.keys(), ...members.tasks.keys()])
  const says = `State "${id}" has no event or task ${JSON.stringify(cut(name, 80))}.${known}`
  return stackless(() => new HeldStateError('unknown-member', says))
}
