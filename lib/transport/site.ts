/**
 * Whether a request comes from a page of this app, as far as its browser says. What is no browser can say anything, and gets no
 * further by it: it has no cookie of a visitor.
 */
import type { IncomingMessage } from 'node:http'

/** `later` requests belong to a connection whose handshake has passed. */
export function isForeign({ headers }: IncomingMessage, kind: 'handshake' | 'later' | 'upgrade'): boolean {
  const site = headers['sec-fetch-site']
  const mode = headers['sec-fetch-mode']
  if (mode === 'no-cors' || mode === 'navigate') return true // an image, a script, a link: no connection of ours begins so
  if (headers.origin === undefined) return site !== undefined && site !== 'same-origin'
  if (!namesHost(headers)) return kind !== 'later' || site !== 'same-origin'
  // browsers send the origin with every upgrade, and some judge ws: against http: as another site
  return kind !== 'upgrade' && site === 'cross-site'
}

/** Browsers name the origin of the page in each upgrade; a cookie alone would let any site speak for its visitor. */
function namesHost(headers: IncomingMessage['headers']): boolean {
  try {
    const { host } = new URL(headers.origin ?? '')
    return host === headers.host || host === headers['x-forwarded-host']
  } catch {
    return false
  }
}
