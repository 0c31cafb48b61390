'use client'
import { useDebugValue, useSyncExternalStore } from 'react'
import type { ErrorCode } from '../base/errors.js'
import { type ConnectionStatus, type Mirror, shownOf } from '../client/mirror.js'
import { currentMirror, initialMirror, pageTab, subscribe } from './tab.js'

export type { ConnectionStatus }

export interface Connection {
  /**
   * `connecting` for the first time, `live`, `reconnecting` (the page shows what it knew last), or `offline`: the browser
   * has no network, or the server refused this page for good.
   */
  readonly status: ConnectionStatus
  /** The page is live, but its server cannot reach its store, for example a Redis: changes wait. */
  readonly stalled: boolean
  /**
   * The server no longer had the state of this page, and the page shows a new one. `true` until a call of the page has changed the new
   * state. A logout by `forgetTab()` is not a loss.
   */
  readonly lost: boolean
  /** How many changes of this page wait for the connection; 0 while it is live. A reload keeps them, as far as the browser has room. */
  readonly waiting: number
  /** How many attempts have failed in a row; 0 while it is live. */
  readonly attempt: number
  /** When the next attempt comes, in milliseconds since the epoch; `null` if none is planned, such as in a hidden page. */
  readonly nextRetryAt: number | null
  /** Why the server refused the last attempt, `too-many-handshakes` for example; `undefined` if it did not say. */
  readonly reason: ErrorCode | undefined
  /** Tries at once. */
  readonly retry: () => void
  /**
   * Makes a new connection, with the cookies that the browser has now. Cookies that a response sets are noticed without it; call it after a change that
   * no server has made, such as `document.cookie = …`.
   */
  readonly reconnect: () => void
}

/** The connection status of this page. The object is a new one whenever something in it has changed, and only then. */
export function useConnection(): Connection {
  const connection = useSyncExternalStore(
    subscribe,
    () => connectionOf(currentMirror()),
    () => connectionOf(initialMirror()),
  )
  useDebugValue(connection.status)
  return connection
}

const retry = () => pageTab().retry()
const reconnect = () => pageTab().reconnect()

let last: Connection | undefined

function connectionOf(mirror: Mirror): Connection {
  const { status, stalled: held, unsettled } = mirror
  const { lost } = shownOf(mirror)
  const { attempt = 0, nextRetryAt = null, reason } = mirror.waiting ?? {}
  const stalled = held && status === 'live'
  const waiting = status === 'live' ? 0 : unsettled
  if (
    last?.status !== status ||
    last.stalled !== stalled ||
    last.lost !== lost ||
    last.waiting !== waiting ||
    last.attempt !== attempt ||
    last.nextRetryAt !== nextRetryAt ||
    last.reason !== reason
  )
    last = Object.freeze({ status, stalled, lost, waiting, attempt, nextRetryAt, reason, retry, reconnect })
  return last
}
