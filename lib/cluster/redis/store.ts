/** The redis store: state of all tabs in one redis, for any number of processes on any number of machines. */
import { type Clock, systemClock } from '../../base/clock.js'
import { type Duration, milliseconds } from '../../base/duration.js'
import { HeldStateError } from '../../base/errors.js'
import { refuseUnknown } from '../../base/known-keys.js'
import { consoleLog, type Log } from '../../base/log.js'
import { type SharedStore, sharedStore } from '../shared-store.js'
import { redisCoordinator } from './coordinator.js'

export interface RedisStoreOptions {
  /** Stands before every key and every channel, so that several apps may use one redis. `'heldstate:'` by default. */
  readonly prefix?: string
  /**
   * How long a process counts as alive after it was heard of last; `'4s'` by default, `'1s'` at least. When one is killed,
   * its tabs and tasks go on elsewhere after that time. A process that is busy for longer, without a pause, loses them.
   */
  readonly lease?: Duration
  /** How long an unused tab is kept. The default is the limit `retainMs` of the hub, which is a day. */
  readonly keep?: Duration
  readonly log?: Log
  readonly clock?: Clock
}

/**
 * A store in the redis at `url`, which all processes with the same url and prefix share. Needs the package `redis`
 * (`npm install redis`) and a redis of version 7 or newer, without cluster mode.
 *
 * What a save acknowledged survives the end of every process of the app. Whether it survives the end of the redis is for that
 * redis to say: with `appendonly yes` it loses the last second at most, with `appendfsync always` nothing, with snapshots
 * alone the last minutes, and without either all of it. Its `maxmemory-policy` should be `noeviction`.
 *
 * @param url `redis://user:password@host:6379/0`, or `rediss://` for TLS. It is never logged.
 * @throws `store-misconfigured` for a url or a duration that is none. Opening fails with `store-misconfigured` if this redis cannot be used,
 *   and with `store-unreachable` if it was not reached in 5 seconds. While it is lost, operations wait for it for up to 30
 *   seconds, and then fail with `store-unreachable` until it is back.
 *
 * @example
 * createHub({ store: redisStore('redis://localhost:6379') })
 */
export function redisStore(url: string, options: RedisStoreOptions = {}): SharedStore {
  refuseUnknown('store-misconfigured', 'redisStore', options, ['prefix', 'lease', 'keep', 'log', 'clock'])
  const { prefix = 'heldstate:', lease = '4s', keep, log = consoleLog, clock = systemClock } = options
  const leaseMs = atLeast(1_000, 'lease', lease)
  const retainMs = keep === undefined ? undefined : atLeast(1_000, 'keep', keep)
  return sharedStore({ coordinator: redisCoordinator({ url, prefix, clock, log }), clock, log, leaseMs, retainMs })
}

function atLeast(least: number, name: string, duration: Duration): number {
  const ms = milliseconds(duration)
  if (ms !== undefined && ms >= least) return Math.ceil(ms)
  throw new HeldStateError(
    'store-misconfigured',
    `The option "${name}" of redisStore is ${JSON.stringify(duration)}; expected milliseconds or a string like '4s', of at least ${least} ms.`,
  )
}
