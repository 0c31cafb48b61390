/** What a tab is made of, and how a call of it can be made. */
import type { Clock } from '../base/clock.js'
import type { HeldStateError } from '../base/errors.js'
import type { PageBounds } from '../protocol/bounds.js'
import type { CallStorage } from './call-storage.js'
import type { Identity } from './identity.js'
import type { Wire } from './wire.js'

export interface CallOptions {
  /** It makes no sense later: it fails if the page is not connected now, where others wait. */
  readonly live?: boolean
  /** The view as it will be once the call has taken effect: shown until the hub has answered. */
  readonly predict?: ((view: object, args: readonly unknown[]) => object) | undefined
}

export interface TabOptions {
  readonly wire: Wire
  readonly identity: Identity
  /** A random id of 32 hexadecimal digits, new with each load of the page. */
  readonly page?: string
  readonly limits?: PageBounds
  readonly clock?: Pick<Clock, 'now' | 'after'>
  /** Where calls that have not settled are kept for the page after this one. By default they end with the page. */
  readonly storage?: CallStorage
  /** Where a failure goes that no call of the page can be given. */
  readonly report?: (error: HeldStateError) => void
}
