/** A call of a tab runs once: when it is sent again, after a lost connection or a crash, it gets its first answer again. */
import { concealed, retold } from '../base/concealed.js'
import { HeldStateError, isHeldStateError } from '../base/errors.js'
import { concluded, type Eventually } from '../base/eventually.js'
import { toFailure } from '../base/failure.js'
import type { Limits } from '../base/limits.js'
import { type CallName, EndedMeanwhile, endOf, withEarlyEnd, withEnd } from '../instance/call-log.js'
import type { Instance } from '../instance/instance.js'
import { StateUnknown } from '../instance/load-error.js'
import { isStale } from '../store/errors.js'

/** Who hears how calls have ended. */
export interface Caller {
  ended(id: number): void
  failed(id: number, error: unknown): void
  /** It has failed now, and did not before. */
  broke(error: unknown, early: boolean): void
}

export interface CallOnce {
  readonly instance: Instance
  readonly caller: Caller
  readonly name: CallName
  readonly limits: Limits
  /** It does not wait for those before it. */
  readonly early: boolean
  /** Its page was here before, and may send it again. */
  readonly again: boolean
}

export function once(call: CallOnce, work: () => Eventually<void>): Eventually<void> {
  const { instance, caller, name, limits } = call
  const known = endOf(instance.calls, name)
  if (known) return tell(call, known)
  const withThisEnd = call.early ? withEarlyEnd : withEnd
  return concluded(
    work,
    () => {
      if (!endOf(instance.calls, name)) instance.calls = withThisEnd(instance.calls, name, undefined, limits)
      caller.ended(name.id)
    },
    (thrown) => {
      const end = endOf(instance.calls, name)
      if (thrown instanceof EndedMeanwhile) return tell(call, end)
      const error = concealed('handler-failed', 'A call', thrown)
      const failure = toFailure(error)
      if (failure.code === 'save-failed' && typeof end === 'object' && !end.failure) return caller.ended(name.id) // another process did it
      const mayHaveEnded = call.again && error instanceof StateUnknown && error.token === instance.token
      if (!isHandedBack(error) && !isStale(error) && !mayHaveEnded)
        instance.calls = withThisEnd(instance.calls, name, failure, limits)
      caller.broke(error, call.early)
      caller.failed(name.id, error)
    },
  )
}

/** Says again what a call has come to that has ended. */
function tell({ caller, name }: CallOnce, end: ReturnType<typeof endOf>): void {
  if (end === 'unknown') caller.failed(name.id, forgotten())
  else if (end?.failure) caller.failed(name.id, retold(end.failure))
  else caller.ended(name.id)
}

/** The hub is closing and has not begun the call: the tab sends it to the next one. */
const isHandedBack = (error: unknown) => isHeldStateError(error) && error.code === 'hub-closed'

const forgotten = () =>
  new HeldStateError(
    'connection-lost',
    'The server remembers this call no more. Whether it took effect is unknown: look at the state.',
  )
