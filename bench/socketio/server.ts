/**
 * The server side of the benchmarks, a process of its own: a bare Socket.IO server and a heldstate hub, each on a port.
 * The parent talks to it over IPC: `ports`, `memory`, `profile`, `profiled`.
 */
import { createServer, type Server as HttpServer } from 'node:http'
import { Session } from 'node:inspector/promises'
import type { AddressInfo } from 'node:net'
import { Server } from 'socket.io'
import { HubRuntime } from '../../lib/dist/hub/hub.js'
import { socketPath } from '../../lib/dist/protocol/path.js'
import { attachSocketIo } from '../../lib/dist/transport/socketio.js'
import { answering } from '../child.js'
import { bench, list, turn } from './definitions.js'

function bare(server: HttpServer): void {
  const io = new Server(server, { serveClient: false, perMessageDeflate: false })
  const counters = new Map<string, number>()
  io.on('connection', (socket) => {
    socket.on('add', (_definition: string, by: number, answer: (counter: number) => void) => {
      const counter = (counters.get(socket.id) ?? 0) + by
      counters.set(socket.id, counter)
      answer(counter)
    })
    socket.on('disconnect', () => counters.delete(socket.id))
    socket.on('count', async (rounds: number, changes: number) => {
      let counter = 0
      for (let round = 0; round < rounds; round += 1) {
        for (let change = 0; change < changes; change += 1) {
          counter += 1
          socket.emit('d', counter, counter + 1, [[[0, 'counter'], counter]])
        }
        await turn()
      }
    })
  })
}

async function listen(server: HttpServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

const bareServer = createServer()
bare(bareServer)
const heldServer = createServer()
// all tabs come from one address
const hub = new HubRuntime({
  limits: {
    handshakesPerSecond: 10_000,
    handshakeBurst: 100_000,
    newTabsPerSecond: 10_000,
    newTabsBurst: 100_000,
    tasksPerToken: 1_000,
    tasksPerBrowser: 1_000,
  },
})
hub.registry.add(bench, list)
attachSocketIo(hub, heldServer, { path: socketPath })

const inspector = new Session()
inspector.connect()

answering({
  ports: async () => ({ bare: await listen(bareServer), held: await listen(heldServer) }),
  memory: async () => {
    for (let pass = 0; pass < 5; pass += 1) {
      global.gc?.()
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    const { heapUsed, external, rss } = process.memoryUsage()
    return { live: heapUsed + external, rss }
  },
  profile: async () => {
    await inspector.post('Profiler.enable')
    await inspector.post('Profiler.start')
  },
  profiled: async () => topFive((await inspector.post('Profiler.stop')).profile),
})

/** The five functions with the most time of their own, in per cent of the time that was not idle. */
function topFive({ nodes, samples = [] }: import('node:inspector').Profiler.Profile): string[] {
  const names = new Map(
    nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => {
      const file = url.replace(/^.*\/(node_modules|lib)\//, '').replace(/^node:/, 'node:')
      return [id, `${functionName || '(anonymous)'}${file ? ` ${file}:${lineNumber + 1}` : ''}`]
    }),
  )
  const own = new Map<string, number>()
  for (const sample of samples) {
    const name = names.get(sample) ?? ''
    if (!/^\((idle|root)\)/.test(name)) own.set(name, (own.get(name) ?? 0) + 1)
  }
  const all = [...own.values()].reduce((sum, count) => sum + count, 0)
  const sorted = [...own].sort(([, a], [, b]) => b - a).slice(0, 5)
  return sorted.map(([name, count]) => `${((100 * count) / all).toFixed(1).padStart(5)} %  ${name}`)
}
