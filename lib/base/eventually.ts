/**
 * Values that are here now or come later. Most transactions wait for nothing: the lock is free, the state is at hand, the
 * handler is synchronous, the store keeps in memory. A promise at each step would cost more than all of that work, so the
 * steps are chained by these three instead of `await`; what does wait, waits as a promise does.
 */

export type Eventually<T> = T | Promise<T>

export function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}

/** `next(value)`, at once if the value is here. */
export function after<T, R>(value: Eventually<T>, next: (value: T) => Eventually<R>): Eventually<R> {
  return isPromise(value) ? Promise.resolve(value).then(next) : next(value)
}

/** `work()`, and `cleanup()` when it is done, however it ends: `finally`. */
export function always<T>(work: () => Eventually<T>, cleanup: () => void): Eventually<T> {
  let result: Eventually<T>
  try {
    result = work()
  } catch (error) {
    cleanup()
    throw error
  }
  if (isPromise(result)) return Promise.resolve(result).finally(cleanup) as Promise<T>
  cleanup()
  return result
}

/** `work()`, with `rescue(error)` in its place if it fails: `catch`. */
export function rescued<T>(work: () => Eventually<T>, rescue: (error: unknown) => Eventually<T>): Eventually<T> {
  try {
    const result = work()
    return isPromise(result) ? Promise.resolve(result).catch(rescue) : result
  } catch (error) {
    return rescue(error)
  }
}

/** A promise of what `work` gives or throws, for whoever may only see promises. */
export function promised<T>(work: () => Eventually<T>): Promise<T> {
  try {
    return Promise.resolve(work())
  } catch (error) {
    return Promise.reject(error)
  }
}
