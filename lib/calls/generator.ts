/** The steps of a handler that yields. */
import type { Failure } from '../base/errors.js'
import type { Eventually } from '../base/eventually.js'
import type { Watchdog } from '../base/watchdog.js'
import type { Trigger } from '../state/trigger.js'

type AnyIterator = Iterator<unknown> | AsyncIterator<unknown>

/** Runs the handler to its next `yield`, or until it returns. */
export function nextStep(
  watchdog: Watchdog,
  iterator: AnyIterator,
  { definition, member }: Pick<Trigger, 'definition' | 'member'>,
): Eventually<IteratorResult<unknown>> {
  watchdog.enter('Event', definition, member)
  try {
    return iterator.next()
  } finally {
    watchdog.leave()
  }
}

/** Runs the `finally` blocks of a handler that will not go on. What they throw is dropped: the failure that stopped the handler says more. */
export async function closeIterator(iterator: AnyIterator): Promise<void> {
  try {
    await iterator.return?.()
  } catch {}
}

/** The answer to a retried call whose process died between two yields. */
export const interrupted = (where: string): Failure => ({
  code: 'interrupted',
  message: `${where} was interrupted: the server stopped while it ran. Changes shown before that are saved.`,
})
