/**
 * The hub of an app, with what it has by default: state and secret in a folder that is kept, and the definitions as the
 * app's route gives them.
 */
import { join, resolve } from 'node:path'
import { type Clock, systemClock } from '../base/clock.js'
import { consoleLog, type Log } from '../base/log.js'
import { createHub, type Hub } from '../hub/hub.js'
import type { HubOptions } from '../hub/options.js'
import { setSlot } from '../hub/slot.js'
import { diskStore } from '../store/disk.js'
import type { StateStore } from '../store/store.js'
import { Definitions } from './definitions.js'
import { Jobs } from './jobs.js'
import { keptFolder, keptSecret, makeKeptFolder, refuseWeak } from './kept-secret.js'
import { servedRoutePath, statePackages } from './seen-config.js'
import { StateFolder } from './state-folder.js'

export interface AppHubOptions {
  readonly given?: Omit<HubOptions, 'prepare'> | undefined
  readonly dir: string
  readonly development: boolean
  /** Where this process answers requests to the app, without a path. */
  origin(): string
}

/** Makes it, and fills the slot of this process with it. */
export function appHub({ given = {}, dir, development, origin }: AppHubOptions): Hub {
  const { clock = systemClock, log = consoleLog } = given
  const routeKey = clock.id()
  const route = { key: routeKey, clock, url: () => `${origin()}${servedRoutePath()}` }
  const definitions = new Definitions({ ...route, log, ...watching(dir, development, clock) })
  const jobs = new Jobs(route)
  const folder = keptFolder(dir)
  const secret = given.secret ?? keptSecret(folder)
  refuseWeak(typeof secret === 'string' ? [secret] : secret, development, log)
  const hub = createHub({
    ...given,
    secret,
    store: given.store ?? disk(folder, log),
    prepare: () => definitions.prepare(),
    inRequest: (work, cookies) => jobs.run(work, cookies),
  })
  setSlot({ hub, routeKey, takeJob: (id) => jobs.take(id) })
  return hub
}

const watching = (dir: string, development: boolean, clock: Clock) =>
  development ? { stateFiles: new StateFolder(resolve(dir), statePackages(), clock) } : {}

function disk(folder: string, log: Log): StateStore {
  makeKeptFolder(folder)
  return diskStore({ dir: join(folder, 'state'), log })
}
