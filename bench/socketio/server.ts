/**
 * The server side of the benchmarks, a process of its own: a bare Socket.IO server and a heldstate hub, each on a port.
 * The parent talks to it over IPC.
 */
import { createServer, type Server as HttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Server } from 'socket.io'
import { HubRuntime } from '../../lib/dist/hub/hub.js'
import { setSlot } from '../../lib/dist/hub/process-hub.js'
import { HeldStateProvider } from '../../lib/dist/next/request/provider.js'
import { playRequest } from '../../lib/dist/next/request/test-request.js'
import type { Paint } from '../../lib/dist/protocol/paint.js'
import { socketPath } from '../../lib/dist/protocol/path.js'
import { attachSocketIo } from '../../lib/dist/transport/socketio.js'
import { answering, load } from '../child.js'
import { profiling } from '../profile.js'
import { bench, benchSecret, list, type Push, rows, turn } from './definitions.js'

process.setSourceMapsEnabled(false) // which tsx needs; mapping the stack of each error would be measured too

/** What plain code on a server keeps of the tab with the list, and sends as JSON. */
const plain = { counter: 0, rows: rows(10_000) }

function answerRows({ url }: IncomingMessage, response: ServerResponse): void {
  if (url === '/rows') response.setHeader('content-type', 'application/json').end(JSON.stringify(plain))
}

function bare(server: HttpServer): Server {
  const io = new Server(server, { serveClient: false, perMessageDeflate: false })
  const counters = new Map<string, number>()
  io.on('connection', (socket) => {
    if (!socket.handshake.auth.silent) socket.emit('w', 0, [{ counter: 0, text: '' }])
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
  return io
}

async function listen(server: HttpServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

const bareServer = createServer(answerRows)
const io = bare(bareServer)
const heldServer = createServer()
// all tabs come from one address
const hub = new HubRuntime({
  secret: benchSecret,
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
setSlot({ hub, routeKey: '' })

const tokens = () => [...hub.sessions].map(({ own }) => own.instance.token)

/** How often something was pushed to the bare sockets. */
let pushed = 0

/** Server code changes all tabs that are connected, and then all again. */
const push = {
  bare: async () => {
    pushed += 1
    for (const socket of io.sockets.sockets.values()) socket.emit('d', pushed, pushed + 1, [[[0, 'counter'], pushed]])
  },
  held: async () => {
    const add = (s: { counter: number }) => {
      s.counter += 1
    }
    await Promise.all(tokens().map((token) => hub.modifyState(token, bench, add)))
  },
}

answering({
  ...profiling,
  load,
  ports: async () => ({ bare: await listen(bareServer), held: await listen(heldServer) }),
  memory: async () => {
    for (let pass = 0; pass < 5; pass += 1) {
      global.gc?.()
      await sleep(100)
    }
    const { heapUsed, external, rss } = process.memoryUsage()
    return { live: heapUsed + external, rss }
  },
  collect: () => global.gc?.(),
  connected: () => ({ bare: io.sockets.sockets.size, held: hub.sessions.size }),
  push: async ({ side, turns, pauseMs }: Push) => {
    for (let done = 0; done < turns; done += 1) {
      await push[side]()
      await (pauseMs > 0 ? sleep(pauseMs) : turn())
    }
  },
  /** Renames a row on both sides: in the state of the tab with this token, and in what plain code keeps. */
  rename: async ({ token, name }: { token: string; name: string }) => {
    const rename = (s: typeof plain) => void ((s.rows[5_000] as { name: string }).name = name)
    await hub.modifyState(token, list, rename)
    rename(plain)
  },
  /** What the provider hands to the page of a tab that is reloaded. */
  paint: (tab: { token: string; mark: string; browser: string }): Promise<Paint | undefined> =>
    playRequest(tab, () => HeldStateProvider({ children: null }).props.painting),
})
