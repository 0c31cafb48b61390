/**
 * The hub of an app, with what it has by default: state and secret in a folder that is kept, or state in a redis, and the definitions as the
 * app's route gives them.
 */
import { resolve } from 'node:path'
import { type Clock, systemClock } from '../../base/clock.js'
import type { HeldStateError } from '../../base/errors.js'
import { consoleLog, type Log } from '../../base/log.js'
import { redisStore } from '../../cluster/redis/store.js'
import { HubRuntime } from '../../hub/hub.js'
import type { HubOptions } from '../../hub/options.js'
import { setSlot } from '../../hub/process-hub.js'
import { watchThread } from '../../hub/thread-watch.js'
import { diskStore } from '../../store/disk/store.js'
import type { StateStore } from '../../store/store.js'
import { servedRoutePath, servedZone, statePackages } from '../plugin/config-registry.js'
import { Jobs } from '../request/jobs.js'
import { Definitions } from './definitions.js'
import { reportEditedFirstValues } from './edited-first-values.js'
import { keptFolder, keptSecret, makeKeptFolder, refuseWeak, sharedSecret } from './state-dir.js'
import { StateFolder } from './state-folder.js'

export interface AppHubOptions {
  readonly given?: Omit<HubOptions, 'prepare'> | undefined
  readonly dir: string
  readonly development: boolean
  /** Where this process answers requests to the app, without a path. */
  origin(): string
}

/** Makes it, and fills the slot of this process with it. */
export function appHub({ given = {}, dir, development, origin }: AppHubOptions): HubRuntime {
  const { clock = systemClock, log = consoleLog } = given
  const routeKey = clock.id()
  const route = { key: routeKey, clock, url: () => `${origin()}${servedRoutePath()}` }
  const broke = (error: HeldStateError) => {
    for (const session of hub.sessions) session.own.showInDevelopment(error)
  }
  const definitions = new Definitions({ ...route, log, broke, ...watching(dir, development, clock) })
  const jobs = new Jobs(route)
  const folder = keptFolder(dir)
  const store = given.store ?? keptStore(folder, log, clock)
  const secret = given.secret ?? (store.shared && !development ? sharedSecret() : keptSecret(folder))
  refuseWeak(typeof secret === 'string' ? [secret] : secret, development, log)
  const hub: HubRuntime = new HubRuntime({
    zone: servedZone(),
    ...given,
    secret,
    store,
    prepare: () => definitions.prepare(),
    inRequest: (work, cookies, visitor) => jobs.run(work, cookies, visitor),
  })
  hub.lockScope.begin() // Next follows flows in any case, so it costs little to begin before the first handler
  watchThread(hub)
  reportEditedFirstValues(hub)
  setSlot({ hub, routeKey, takeJob: (id) => jobs.take(id) })
  return hub
}

const watching = (dir: string, development: boolean, clock: Clock) =>
  development ? { stateFiles: new StateFolder(resolve(dir), statePackages(), clock) } : {}

/** In the redis that HELDSTATE_REDIS names, else on the disk of this machine. */
function keptStore(folder: string, log: Log, clock: Clock): StateStore {
  const redis = process.env.HELDSTATE_REDIS
  if (redis) return redisStore(redis, { log, clock })
  makeKeptFolder(folder)
  return diskStore({ dir: folder, log, clock })
}
