/** The process that the chaos test kills: a hub over the disk store. Started with a port and the folder of the store. */
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
attachSocketIo(hub, server, { path: socketPath })
server.listen(Number(port), '127.0.0.1', () => console.log('ready'))

/** What fails on purpose is not worth a line. */
function quietly(message: string, error?: unknown): void {
  if (!String(error).includes('on purpose')) console.log(message, error)
}
