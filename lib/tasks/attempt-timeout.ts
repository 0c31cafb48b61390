/** The time that one attempt of a task may take. */
import type { Clock } from '../base/clock.js'

/** Calls `fail` if `work` takes longer, and gives its function a moment to notice. */
export async function within<T>(
  { clock, cancelGraceMs }: { readonly clock: Clock; readonly cancelGraceMs: number },
  ms: number,
  work: Promise<T>,
  fail: () => void,
): Promise<T | undefined> {
  let cancelTimer = () => {}
  const late = new Promise<undefined>((resolve) => {
    cancelTimer = clock.after(ms, () => {
      fail()
      cancelTimer = clock.after(cancelGraceMs, () => resolve(undefined))
    })
  })
  try {
    return await Promise.race([work, late])
  } finally {
    cancelTimer()
  }
}
