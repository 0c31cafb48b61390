/** A program that does nothing but open a store, and says why it cannot. Argument: the url of the redis. */

import { systemClock } from '../../base/clock.js'
import { consoleLog as log } from '../../base/log.js'
import { sharedStore } from '../shared-store.js'
import { redisCoordinator } from './coordinator.js'

const [url = ''] = process.argv.slice(2)
const coordinator = redisCoordinator({ url, prefix: '', clock: systemClock, log, bounds: { storeOpenMs: 300 } })
try {
  await sharedStore({ coordinator, clock: systemClock, leaseMs: 4_000 }).open()
} catch (error) {
  process.stdout.write((error as { code: string }).code)
}
