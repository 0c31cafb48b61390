/** A call of a tab runs once: when it is sent again, after a lost connection or a crash, it gets its first answer again. */
import { fromFailure, HeldStateError, isHeldStateError, toFailure } from '../base/errors.js'
import { concluded, type Eventually } from '../base/eventually.js'
import type { Limits } from '../base/limits.js'
import type { Instance } from './instance.js'
import { type CallName, EndedMeanwhile, endOf, withEarlyEnd, withEnd } from './past-calls.js'
import { StateUnknown } from './state-unknown.js'

/** `early` is for a call that does not wait for those before it. The instance must be loaded. */
export function once(
  instance: Instance,
  name: CallName,
  limits: Limits,
  early: boolean,
  work: () => Eventually<void>,
): Eventually<void> {
  const known = endOf(instance.calls, name)
  if (known) return answer(known)
  const ended = early ? withEarlyEnd : withEnd
  return concluded(
    work,
    () => {
      if (!endOf(instance.calls, name)) instance.calls = ended(instance.calls, name, undefined, limits)
    },
    (error) => {
      if (error instanceof EndedMeanwhile) return answer(endOf(instance.calls, name))
      const failure = toFailure(error, 'handler-failed')
      const end = endOf(instance.calls, name)
      if (failure.code === 'save-failed' && typeof end === 'object' && !end.failure) return // another process did it
      if (!isHandedBack(error) && !isStale(error) && !(error instanceof StateUnknown))
        instance.calls = ended(instance.calls, name, failure, limits)
      throw error
    },
  )
}

/** What a call has come to that has ended. */
function answer(end: ReturnType<typeof endOf>): void {
  if (end === 'unknown') throw forgotten()
  if (end?.failure) throw fromFailure(end.failure)
}

/** The hub is closing and has not begun the call: the tab sends it to the next one. */
const isHandedBack = (error: unknown) => isHeldStateError(error) && error.code === 'hub-closed'

/** Another process has taken over the token: nothing was kept, and the tab sends it to whoever it reaches next. */
export const isStale = (error: unknown): error is HeldStateError =>
  isHeldStateError(error) && error.code === 'stale-write'

const forgotten = () =>
  new HeldStateError(
    'connection-lost',
    'The server remembers this call no more. Whether it took effect is unknown: look at the state.',
  )
