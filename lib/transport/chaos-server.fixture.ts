/**
 * The process that the chaos test kills, or closes by SIGTERM: a hub over the disk store. Started with a port and the folder
 * of the store.
 */
import { createServer } from 'node:http'
import { createHub } from '../hub/hub.js'
import { socketPath } from '../protocol/path.js'
import { diskStore } from '../store/disk.js'
import { chaosState } from './chaos-state.fixture.js'
import { attachSocketIo } from './socketio.js'

const [port, dir = ''] = process.argv.slice(2)
const log = { info: () => {}, warn: console.log, error: quietly }
const hub = createHub({ secret: 'of a test', store: diskStore({ dir }), log })
hub.registry.add(chaosState)
const server = createServer()
const transport = attachSocketIo(hub, server, { path: socketPath })
process.once('SIGTERM', async () => {
  await hub.close()
  await transport.close()
  process.exit(0)
})
server.listen(Number(port), '127.0.0.1', () => console.log('ready'))

/** What fails on purpose is not worth a line. */
function quietly(message: string, error?: unknown): void {
  if (!`${message} ${error}`.includes('on purpose')) console.log(message, error)
}
