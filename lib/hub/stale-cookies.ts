/**
 * Connections whose cookies are not those of their browser any more: a login or a logout has set others. An event that asks for a request would run
 * with the old ones, so the page is made to connect again. What is compared are hashes, which also go to other processes.
 */
import { createHash } from 'node:crypto'
import { processLimits } from '../base/server-limits.js'
import type { Instance } from '../instance/instance.js'
import type { Session } from '../session/session.js'

/** Hashes of the values, by name. */
export type CookieMarks = ReadonlyMap<string, string>

/** Of cookies of the app's own: ours come and go. */
export function marksOf(cookies: string | undefined): CookieMarks {
  const marks = new Map<string, string>()
  for (const pair of (cookies ?? '').split(';')) {
    const [, name = '', value = ''] = /^\s*([\w!#$%&'*+.^`|~-]{1,100})=(.*)$/s.exec(pair) ?? []
    if (name === '' || isOurCookie(name) || isVolatile(name) || marks.size >= processLimits.comparedCookies) continue
    marks.set(name, createHash('sha256').update(value.trim()).digest('base64url').slice(0, 12))
  }
  return marks
}

export const isOurCookie = (name: string): boolean => /^(?:__Host-)?heldstate(?:-tab-|\.|$)/.test(name)

/** Of balancers, shields and analytics: they change with the traffic, and say nothing of the user. */
export const isVolatile = (name: string): boolean =>
  /^(?:AWSALB|__cf|_cf|_ga|_gid|_gat|_gcl|_fbp|ARRAffinity|SERVERID)/.test(name)

export const writeMarks = (marks: CookieMarks): string => [...marks].map(([name, mark]) => `${name}=${mark}`).join(';')

export function readMarks(text: string): CookieMarks {
  return new Map(
    text.split(';').flatMap((pair) => {
      const at = pair.indexOf('=')
      return at > 0 ? [[pair.slice(0, at), pair.slice(at + 1)] as const] : []
    }),
  )
}

/**
 * Closes a connection that has other cookies than a request of its page. A cookie that the request alone has may be bound to a path that is not ours: it
 * counts once for each tab, since it would be missing from the next connection too.
 */
export function closeIfStale(
  session: Pick<Session, 'connection' | 'close'>,
  instance: Pick<Instance, 'elsewhere'>,
  marks: CookieMarks,
): void {
  const own = marksOf(session.connection.cookies)
  const isCut = own.size >= processLimits.comparedCookies || marks.size >= processLimits.comparedCookies // what is missing may be beyond the bound
  const isGone = [...own].some(([name, mark]) => (isCut ? (marks.get(name) ?? mark) : marks.get(name)) !== mark)
  const more = [...marks.keys()].filter((name) => !isCut && !own.has(name) && !instance.elsewhere?.has(name))
  if (more.length > 0)
    instance.elsewhere = new Set([...(instance.elsewhere ?? []), ...more].slice(-processLimits.comparedCookies))
  if (isGone || more.length > 0) session.close()
}
