/** Why calls fail without the server. */
import { HeldStateError } from '../base/errors.js'
import type { PageBounds } from '../protocol/bounds.js'

export const tooLarge = (bytes: number, { messageBytes }: PageBounds) =>
  new HeldStateError(
    'payload-too-large',
    `A call of ${bytes} bytes is larger than the bound "messageBytes", ${messageBytes}. Send large data to a route handler.`,
  )

/** A server or a proxy on the way that does not say why. */
export const endedConnections = (bytes: number) =>
  new HeldStateError(
    'connection-lost',
    `The connection ended each time this call of ${bytes} bytes was sent alone, so it is given up. Whether it took effect is unknown.`,
  )

/** Of calls that wait, and were made to the state that is lost. */
export const stateLost = () =>
  new HeldStateError(
    'state-lost',
    'The server does not have the state of this page any more and began a new one. The change was not made to it.',
  )
