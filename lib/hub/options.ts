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
  /** Where committed state lives. Default: in memory. */
  readonly store?: StateStore
  readonly registry?: Registry
  /** Awaited before a call is dispatched and before a state is opened: the moment to load or refresh definitions. */
  readonly prepare?: () => Promise<void> | void
  /**
   * Signs the tokens of tabs. Of several, the first signs and all are accepted, so that a secret can be replaced. Default:
   * one of this process, so that tabs begin with first values after a restart.
   */
  readonly secret?: string | readonly string[]
  /** What a duplicated tab begins with: a copy of the state (the default), or first values. */
  readonly onDuplicate?: 'copy' | 'fresh'
  /**
   * Runs the work of an event that asks for a request inside one, with the cookies of the page that called, and headers that say whose it was. Default:
   * without one.
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
  /** The path below which requests reach the app, where others share its origin. Default: that of `withHeldState`, its `basePath` mostly. */
  readonly zone?: string
  readonly limits?: Partial<Limits>
  /** Bytes of heap that the bounds of memory are parts of. Default: the limit of this process's heap. */
  readonly heapBytes?: number
  readonly log?: Log
  readonly clock?: Clock
}
