/** Why calls fail without the server. */
import { HeldStateError } from '../base/errors.js'
import type { PageBounds } from '../protocol/bounds.js'

export const tooLarge = (bytes: number, { messageBytes }: PageBounds) =>
  new HeldStateError(
    'payload-too-large',
    `A call of ${bytes} bytes is larger than the limit "messageBytes", ${messageBytes}. Send large data to a route handler.`,
  )

/** A server or a proxy on the way that does not say why. */
export const cutConnections = (bytes: number) =>
  new HeldStateError(
    'connection-lost',
    `The connection closed each time this call of ${bytes} bytes was sent, so the page stops sending it. It may or may not have taken effect.`,
  )

/** Of calls that wait, and were made to the state that is lost. */
export const stateLost = () =>
  new HeldStateError(
    'state-lost',
    'The server no longer has the state of this page and started a new one. The change was not applied.',
  )
