/**
 * Tokens. A token is the random id of one instance of state. A tab holds it signed for its browser: the signature covers
 * the token and the browser's HttpOnly cookie, so a token that leaks is worth nothing elsewhere. Never logged whole.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../base/clock.js'
import { HeldStateError } from '../base/errors.js'
import { processLimits } from '../base/server-limits.js'

/** At least one secret; without any given, one that lives as long as the process. */
export function secretsOf(given: string | readonly string[] = []): readonly [string, ...string[]] {
  const [first = randomBytes(32).toString('hex'), ...older] = typeof given === 'string' ? [given] : given
  return [first, ...older]
}

/** A new token. Its last twelve digits are the time, in milliseconds, so that its first values have one that lasts. */
export function newToken(clock: Pick<Clock, 'id' | 'now'>): string {
  return `${clock.id().slice(0, 20)}${Math.max(0, Math.floor(clock.now())).toString(16).padStart(12, '0')}`
}

/** When a token was made, in milliseconds since the epoch; the present for one that was not made by `newToken`. */
export function birthOf(token: string, now: number): number {
  const time = Number.parseInt(token.slice(20), 16)
  return time <= now + processLimits.clockSkewMs ? time : now
}

/** The signed token, which a tab stores: `token.signature`. */
export function signToken(token: string, browser: string, secret: string): string {
  return `${token}.${signature(token, browser, secret)}`
}

/** Whether a value has the form of a signed token. The signature is not checked. */
export const isSignedToken = (signed: unknown): boolean =>
  typeof signed === 'string' && /^[0-9a-f]{32}\.[0-9a-f]{32}$/.test(signed)

/** The token inside a signed one; throws `invalid-token` if it was not signed for this browser with one of `secrets`. */
export function verifyToken(signed: string, browser: string, secrets: readonly string[]): string {
  const [, token, given] = /^([0-9a-f]{32})\.([0-9a-f]{32})$/.exec(signed) ?? []
  if (!token || !given)
    throw new HeldStateError('invalid-token', 'The token of this tab is malformed. The tab starts with a new state.')
  for (const secret of secrets) {
    const expected = signature(token, browser, secret)
    if (timingSafeEqual(Buffer.from(given), Buffer.from(expected))) return token
  }
  throw new HeldStateError(
    'invalid-token',
    'The token of this tab belongs to another browser or was signed with another secret. The tab starts with a new state.',
  )
}

/** Whether it looks like one as server code hands them in: unsigned, as handlers and tasks have them. */
export const isToken = (token: unknown): boolean => typeof token === 'string' && /^[0-9a-f]{32}$/.test(token)

/** Throws `invalid-token` for what is none. */
export function refuseMalformed(token: unknown): void {
  if (isToken(token)) return
  throw new HeldStateError(
    'invalid-token',
    'Not a heldstate token. Use `this.token` in a handler or `self.token` in a task.',
  )
}

/** 128 of the 256 bits: out of reach for guessing, half the length. */
function signature(token: string, browser: string, secret: string): string {
  return createHmac('sha256', secret).update(`${token}.${browser}`).digest('hex').slice(0, 32)
}

/** The token of which a duplicated tab gets a copy, if it is this browser's to give. */
export function copiedToken(
  signed: string | undefined,
  browser: string,
  secrets: Parameters<typeof verifyToken>[2],
): string | undefined {
  try {
    return signed === undefined ? undefined : verifyToken(signed, browser, secrets)
  } catch {
    return undefined
  }
}
