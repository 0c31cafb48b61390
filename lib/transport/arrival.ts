/** A handshake that was admitted. */
import type { Place } from './places.js'

export interface Arrival {
  readonly browser: string
  /** As its request said them. */
  readonly cookies: string | undefined
  /** The browser has a signed cookie. */
  readonly signed: boolean
  /** The key of its buckets. */
  readonly address: string | undefined
  readonly place: Place
}
