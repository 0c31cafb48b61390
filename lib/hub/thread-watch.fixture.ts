/** A process whose hub watches its thread, which a handler and a task hold one after the other. */
import { defineState } from '../doors/authors.js'
import { HubRuntime } from './hub.js'
import { watchThread } from './thread-watch.js'

const spin = (ms: number) => {
  const end = performance.now() + ms
  while (performance.now() < end);
}
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

const d = defineState('d', () => ({ n: 0 }))
  .tasks((background) => ({
    computes: background(async ({ sleep }) => {
      await sleep(200)
      spin(1_600)
    }),
  }))
  .events((on) => ({
    handles: on(() => spin(1_600)),
  }))

const left = () => process.getActiveResourcesInfo().filter((name) => /Timeout|Worker|Message/.test(name)).length

const before = left() // the loader of these modules has a thread of its own
const hub = new HubRuntime()
hub.registry.add(d)
watchThread(hub, { heartbeatMs: 50, threadStuckMs: 500 })
const call = (member: string) => hub.call({ token: 'a'.repeat(32), definition: 'd', member, args: [] })
await pause(300)
await call('handles')
await pause(300)
await call('computes')
await pause(2_400)
await hub.close()
process.stderr.write(`left: ${left() - before}\n`)
