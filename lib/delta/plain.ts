/** A copy of what an author holds, drafts and views included, as it is now: what changes in the state later does not change it. */
import { copyValue, type Substitute } from '../base/copy.js'
import type { Path } from '../base/value.js'
import { nodeOf } from './node.js'
import { unwrapView } from './view.js'

/**
 * A plain copy of a draft, of a view, or of what has them in it: what may be cloned, sent to a worker, frozen or kept, and does
 * not change with the state. Throws `invalid-value` with the path of what cannot live in state.
 */
export function plain<T>(value: T): T {
  return plainCopy(value, ['value']) as T
}

/** Throws `invalid-value` with the path of what cannot live in state. */
export function plainCopy(value: unknown, path: Path): unknown {
  const substitute: Substitute = (item, at) => {
    const node = nodeOf(item)
    const own = node ? node.current(at) : unwrapView(item)
    return own === item ? undefined : { value: copyValue(own, at, substitute) }
  }
  return copyValue(value, path, substitute)
}
