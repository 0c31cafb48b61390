/** What a server render hands to the browser: the views of the calling tab, so that both begin with the same values. */
import type { Json } from '../base/encode.js'

export interface Paint {
  /** That of the request: a page shows the views on as its own only if it knows the mark. */
  readonly mark: string
  /** Encoded, by the id of their state. A state that was never saved has none. */
  readonly views: Readonly<Record<string, Json>>
}
