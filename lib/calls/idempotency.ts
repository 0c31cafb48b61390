/** A call of a tab runs once: when it is sent again, after a lost connection or a crash, it gets its first answer again. */
import { concealed, retold } from '../base/concealed.js'
import type { Json } from '../base/encode.js'
import { HeldStateError, isHeldStateError } from '../base/errors.js'
import { concluded, type Eventually, isPromise } from '../base/eventually.js'
import { toFailure } from '../base/failure.js'
import type { Limits } from '../base/limits.js'
import { type CallName, hasForgotten, outcomeOf, settleCall } from '../instance/call-log.js'
import type { Instance } from '../instance/instance.js'
import { LoadError } from '../instance/load-error.js'
import { isStale } from '../store/errors.js'
import { type Dispatched, finished, type Running } from './call-order.js'

/** Is notified of how calls have settled, and sends that to the page. */
export interface Caller {
  callSucceeded(id: number, reply?: Json): void
  callFailed(id: number, error: unknown): void
  /** The call has failed now, and is not repeated from the log: logs an error that no page caused. */
  logFailure(error: unknown, early: boolean): void
}

/** What the page has not heard of what its calls replied. */
export interface ReplyLedger {
  /** A call has come to a reply; whether its change is kept is not known yet. */
  add(subscription: number, id: number, reply: Json): void
  /** It has failed all the same. */
  drop(id: number): void
}

export interface CallOnce {
  readonly instance: Instance
  readonly caller: Caller
  readonly name: CallName
  /** Of the page, and of which of its subscriptions. */
  readonly replies: ReplyLedger | undefined
  readonly subscription: number
  readonly limits: Limits
  /** It does not wait for those before it. */
  readonly early: boolean
  /** Its page was here before, and may send it again. */
  readonly again: boolean
  /** The revision of the state when its page was first shown it, if the page has sent the call before. */
  readonly sentSince: number | undefined
}

/** What is left of a call after it has run; its `done` never rejects. */
export function runOnce(call: CallOnce, work: () => Eventually<Dispatched>): Eventually<Running> {
  const { calls } = call.instance
  const { sentSince } = call
  const isForgotten = sentSince !== undefined && hasForgotten(calls, call.name.page, sentSince, call.limits)
  const known = outcomeOf(calls, call.name) ?? (isForgotten ? 'unknown' : undefined)
  if (known) return replay(call, known)
  const failed = (error: unknown) => fail(call, error)
  return concluded(
    work,
    (outcome) => {
      if (outcome === 'answered') return replay(call, outcomeOf(call.instance.calls, call.name))
      const { done, pending, reply } = outcome
      if (reply !== undefined) call.replies?.add(call.subscription, call.name.id, reply)
      const succeeded = () => succeed(call, reply)
      if (isPromise(done)) return { done: done.then(succeeded, failed), pending }
      succeeded()
      return finished
    },
    (error) => {
      failed(error)
      return finished
    },
  )
}

function succeed({ instance, caller, name, limits, early }: CallOnce, reply: Json | undefined): void {
  if (!outcomeOf(instance.calls, name)) settleCall(instance, name, undefined, limits, early, reply)
  caller.callSucceeded(name.id, reply)
}

function fail({ instance, caller, name, limits, early, again, replies }: CallOnce, thrown: unknown): void {
  const outcome = outcomeOf(instance.calls, name)
  const error = concealed('handler-failed', 'A call', thrown)
  const failure = toFailure(error)
  if (failure.code === 'save-failed' && typeof outcome === 'object' && !outcome.failure)
    return caller.callSucceeded(name.id, outcome.reply) // another process did it
  const mayHaveSettled = again && error instanceof LoadError && error.token === instance.token
  if (!isHandedBack(error) && !isStale(error) && !mayHaveSettled) settleCall(instance, name, failure, limits, early)
  replies?.drop(name.id)
  caller.logFailure(error, early)
  caller.callFailed(name.id, error)
}

/** Repeats the outcome of a call that has settled. */
function replay({ caller, name, replies, subscription }: CallOnce, outcome: ReturnType<typeof outcomeOf>): Running {
  if (outcome === 'unknown') caller.callFailed(name.id, callForgotten())
  else if (outcome?.failure) caller.callFailed(name.id, retold(outcome.failure))
  else {
    if (outcome?.reply !== undefined) replies?.add(subscription, name.id, outcome.reply)
    caller.callSucceeded(name.id, outcome?.reply)
  }
  return finished
}

/** The hub is closing and has not begun the call: the tab sends it to the next one. */
const isHandedBack = (error: unknown) => isHeldStateError(error) && error.code === 'hub-closed'

const callForgotten = () =>
  new HeldStateError(
    'connection-lost',
    'The server no longer has a record of this call, so it may or may not have taken effect. Check the state.',
  )
