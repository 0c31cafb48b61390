/** A handshake that was admitted. */
import type { Place } from './places.js'

export interface Arrival {
  readonly browser: string
  /** Further browsers that its cookies name. The token of the page tells which one it is. */
  readonly others?: readonly string[] | undefined
  /** As its request said them. */
  readonly cookies: string | undefined
  /** Headers of the request that say whose it was. */
  readonly visitor: Readonly<Record<string, string>>
  /** The browser has a signed cookie, which need not be set again. */
  readonly signed: boolean
  /** The key of its buckets. */
  readonly address: string | undefined
  readonly place: Place
}
