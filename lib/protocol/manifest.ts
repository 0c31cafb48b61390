/**
 * What a tab knows of a definition before the hub has spoken: it is compiled into the tab's bundle instead of the state
 * module, so it holds names and public first values only.
 */
import type { Json } from '../base/encode.js'

export interface Manifest {
  readonly id: string
  /** First values of the public fields and of what is computed from them, encoded. */
  readonly defaults: Json
  readonly events: readonly string[]
  readonly tasks: readonly string[]
  /** Events whose call fails while the page is not connected, where others wait. Left out if there are none. */
  readonly live?: readonly string[]
}
