/**
 * Values that are here now or come later. Most transactions wait for nothing: the lock is free, the state is at hand, the
 * handler is synchronous, the store keeps in memory. A promise at each step would cost more than all of that work, so the
 * steps are chained by these instead of `await`; what does wait, waits as a promise does.
 */

export type Eventually<T> = T | Promise<T>

export function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}

/** `next(value)`, at once if the value is here. */
export function after<T, R>(value: Eventually<T>, next: (value: T) => Eventually<R>): Eventually<R> {
  return isPromise(value) ? Promise.resolve(value).then(next) : next(value)
}

/** `next(value)` of what `work` gives, or `rescue(error)` of what it throws; what `next` throws is not rescued. */
export function concluded<T, R>(
  work: () => Eventually<T>,
  next: (value: T) => Eventually<R>,
  rescue: (error: unknown) => Eventually<R>,
): Eventually<R> {
  let value: Eventually<T>
  try {
    value = work()
  } catch (error) {
    return rescue(error)
  }
  return isPromise(value) ? Promise.resolve(value).then(next, rescue) : next(value)
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

/** A promise of what `work` gives or throws, for callers that need one. */
export function promised<T>(work: () => Eventually<T>): Promise<T> {
  try {
    return Promise.resolve(work())
  } catch (error) {
    return Promise.reject(error)
  }
}
