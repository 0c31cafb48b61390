/**
 * The process that the chaos tests kill, freeze, or close by SIGTERM: a hub over the disk store or over a redis. Started with
 * a port, and the folder or the url of the store, with `?lease=1s`. `GET /add?token=…&mark=…&times=…` changes a token by `modifyState`.
 */
import { createServer } from 'node:http'
import type { Duration } from '../lib/base/duration.js'
import { redisStore } from '../lib/cluster/redis/store.js'
import { HubRuntime } from '../lib/hub/hub.js'
import { socketPath } from '../lib/protocol/path.js'
import { diskStore } from '../lib/store/disk/store.js'
import { attachSocketIo } from '../lib/transport/socketio.js'
import { chaosState } from './state.js'

const [port, where = ''] = process.argv.slice(2)
const log = { info: () => {}, warn: console.log, error: quietly }
const [url = '', lease = '4s'] = where.split('?lease=') as [string, Duration?]
const store = url.startsWith('redis:') ? redisStore(url, { log, lease }) : diskStore({ dir: url })
const limits = { handshakesPerSecond: 10_000, handshakeBurst: 100_000 } // all tabs come from one address
const hub = new HubRuntime({ secret: 'of a test', store, log, limits })
hub.registry.add(chaosState)
const server = createServer(async (request, response) => {
  const { searchParams } = new URL(request.url ?? '', 'http://node')
  const [mark, times] = [searchParams.get('mark'), searchParams.get('times')].map(Number)
  const add = () => hub.modifyState(searchParams.get('token') ?? '', chaosState, (s) => void s.marks.push(mark ?? 0))
  const added = await Promise.allSettled(Array.from({ length: times ?? 0 }, add))
  const failed = added.find(({ status }) => status === 'rejected')
  response.writeHead(failed ? 500 : 200).end(String((failed as PromiseRejectedResult)?.reason ?? 'added'))
})
const transport = attachSocketIo(hub, server, { path: socketPath })
process.once('SIGTERM', async () => {
  await hub.close()
  await transport.close()
  process.exit(0)
})
await hub.resume()
server.listen(Number(port), '127.0.0.1', () => console.log('ready'))

/** What fails on purpose is not worth a line. */
function quietly(message: string, error?: unknown): void {
  if (!`${message} ${error}`.includes('on purpose')) console.log(message, error)
}
