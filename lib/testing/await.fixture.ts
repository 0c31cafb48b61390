/** Waiting in tests: what was begun is awaited while the clock lets everything happen that needs no time. */
import type { HeldStateError } from '../base/errors.js'
import type { TestClock } from './clock.js'

/** What `work` gives, or throws. */
export async function done<T>(clock: TestClock, work: Promise<T>): Promise<T> {
  work.catch(() => {}) // told to the caller below
  await clock.settle()
  return work
}

/** How `work` fails. */
export async function failure(clock: TestClock, work: Promise<unknown>): Promise<HeldStateError> {
  const ended = work.then(
    () => {
      throw new Error('expected a failure')
    },
    (error: unknown) => error as HeldStateError,
  )
  return done(clock, ended)
}

/** A promise that a test settles. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open: () => open() }
}
