/** What a hub can be told when it is made. */
import type { IncomingMessage } from 'node:http'
import type { Clock } from '../base/clock.js'
import { HeldStateError } from '../base/errors.js'
import { refuseUnknown } from '../base/known-keys.js'
import { defaultLimits, type Limits } from '../base/limits.js'
import type { Log } from '../base/log.js'
import type { Registry } from '../state/registry.js'
import type { StateStore } from '../store/store.js'

const known: Readonly<Record<keyof HubOptions, true>> = {
  store: true,
  registry: true,
  prepare: true,
  secret: true,
  onDuplicate: true,
  inRequest: true,
  addressOf: true,
  sameSite: true,
  origins: true,
  zone: true,
  limits: true,
  heapBytes: true,
  log: true,
  clock: true,
}

/** Throws `invalid-arguments` for options that there are not, in `limits` as well, and for limits that are no numbers. */
export function refuseUnknownOptions(options: HubOptions): void {
  const { limits = {} } = options
  refuseUnknown('invalid-arguments', 'createHub', options, Object.keys(known))
  refuseUnknown('invalid-arguments', 'limits', limits, Object.keys(defaultLimits))
  for (const [name, limit] of Object.entries(limits))
    if (limit !== undefined && (typeof limit !== 'number' || Number.isNaN(limit)))
      throw new HeldStateError(
        'invalid-arguments',
        `limits({ ${name} }): expected a number, not ${typeof limit === 'number' ? 'NaN' : `a ${typeof limit}`}.`,
      )
}

export interface HubOptions {
  /** Where state is saved. Default: in memory; `serve()` and `register()` use the disk, or the Redis of `HELDSTATE_REDIS`. */
  readonly store?: StateStore
  readonly registry?: Registry
  /** For a hub without Next: awaited before a call is dispatched and before a state is opened, to load or refresh definitions. */
  readonly prepare?: () => Promise<void> | void
  /**
   * Signs the tokens of tabs. Of several, the first signs and all are accepted, so that a secret can be replaced. Default: a secret of
   * this process, so that tabs start over after a restart; `serve()` uses `HELDSTATE_SECRET`, or one that it keeps in the folder of
   * the store.
   */
  readonly secret?: string | readonly string[]
  /** What a duplicated tab begins with: a copy of the state (the default), or first values. */
  readonly onDuplicate?: 'copy' | 'fresh'
  /**
   * For a hub without Next: runs the work of an event with `request: true` inside a request, with the cookies of the page that called,
   * and with the visitor's headers.
   */
  readonly inRequest?: <T>(
    work: () => Promise<T>,
    cookies: string | undefined,
    visitor: Readonly<Record<string, string>> | undefined,
  ) => Promise<T>
  /**
   * The address of the visitor behind a proxy, as the proxy names it: `({ headers }) => String(headers['x-real-ip'])`. Read only a header
   * that the proxy sets itself, since a visitor can send any other. Default: the peer of the socket; where a proxy on this machine or in a
   * private network forwards requests, no address is known, and what is bounded per address is not.
   */
  readonly addressOf?: (request: IncomingMessage) => string | undefined
  /**
   * `'none'` for an app that other sites show in frames: the cookie of the browser is then sent there too, and each of those sites gets
   * another state (`Partitioned`). The app must be served over https. Default: `'lax'`.
   */
  readonly sameSite?: 'lax' | 'none'
  /**
   * Origins of the app's own pages, as `'https://shop.example'`, where a proxy changes the host and the server cannot see it: requests of other
   * origins than their own host are refused. Default: none.
   */
  readonly origins?: readonly string[]
  /**
   * The path below which requests reach the app, if other apps share its origin. Default: that of `withHeldState`, mostly its
   * `basePath`.
   */
  readonly zone?: string
  /** Limits that differ from their defaults. The page "Limits and environment" has all. */
  readonly limits?: Partial<Limits>
  /** Bytes of heap of which the memory limits are parts. Default: the heap limit of this process. */
  readonly heapBytes?: number
  readonly log?: Log
  readonly clock?: Clock
}
