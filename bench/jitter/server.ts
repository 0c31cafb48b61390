/**
 * The server of one side of the jitter bench, a process of its own: `held` is a heldstate hub, `plain` and `recovery` are
 * Socket.IO. Each client has a counter that changes all the time, whether the client is there or not, and takes clicks.
 */
import { createServer, type Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { defineState } from 'heldstate'
import { Server, type Socket } from 'socket.io'
import { HubRuntime } from '../../lib/dist/hub/hub.js'
import { socketPath } from '../../lib/dist/protocol/path.js'
import { attachSocketIo } from '../../lib/dist/transport/socketio.js'
import { answering, load } from '../child.js'
import { benchSecret, chance, type Settings, type Side, sharedNow, type Truth } from './schedule.js'

const side = process.argv[2] as Side
const settings = JSON.parse(process.argv[3] as string) as Settings

let running = true

/** Never twice the same: timers that have once fired in one turn would stay together for good, and all counters be one burst. */
const random = chance(settings.seed)
const waitMs = () => settings.everyMs * (0.5 + random())

/** What was done for each client, noted where it is done. */
const ledger = Array.from({ length: settings.clients }, () => ({ changedAt: [] as number[], runs: [] as number[] }))
const noteChange = (client: number) => ledger[client]?.changedAt.push(sharedNow())
const noteClick = (client: number, click: number) => {
  const runs = ledger[client]?.runs ?? []
  runs[click] = (runs[click] ?? 0) + 1
}

/** The state that the ledger belongs to. */
type Values = readonly { readonly counter: number; readonly clicks: number }[]

function held(server: HttpServer): () => Promise<Values> {
  const tokens: string[] = []
  const jitter = defineState('jitter', () => ({ counter: 0, clicks: 0 }))
    .tasks((background) => ({
      run: background(async (self, client: number) => {
        tokens[client] = self.token
        while (running) {
          for (let change = 0; change < settings.changes; change += 1)
            await self.update((s) => {
              s.counter += 1
              noteChange(client)
            })
          await self.sleep(waitMs())
        }
      }),
    }))
    .events((on) => ({
      click: on((s, client: number, click: number) => {
        s.clicks += 1
        noteClick(client, click)
      }),
    }))
  const hub = new HubRuntime({ secret: benchSecret, limits: { handshakesPerSecond: 10_000, handshakeBurst: 100_000 } }) // all tabs come from one address
  hub.registry.add(jitter)
  attachSocketIo(hub, server, { path: socketPath })
  return () =>
    Promise.all(tokens.map((token) => hub.modifyState(token, jitter, ({ counter, clicks }) => ({ counter, clicks }))))
}

function socketIo(server: HttpServer): () => Promise<Values> {
  const recovery = side === 'recovery'
  const io = new Server(server, {
    serveClient: false,
    perMessageDeflate: false,
    ...(recovery ? { connectionStateRecovery: {} } : {}),
  })
  interface Own {
    counter: number
    clicks: number
    revision: number
    socket: Socket | undefined
  }
  const states = Array.from(
    { length: settings.clients },
    (): Own => ({ counter: 0, clicks: 0, revision: 0, socket: undefined }),
  )
  const room = (client: number) => `client ${client}`
  /** With recovery a room is what is remembered for a client that is away; without it, its socket is the shortest way. */
  const say = (client: number, own: Own, key: 'counter' | 'clicks') => {
    own.revision += 1
    const to = recovery ? io.to(room(client)) : own.socket
    to?.emit('d', own.revision - 1, own.revision, [[[0, key], own[key]]])
  }
  const run = async (client: number, own: Own) => {
    while (running) {
      for (let change = 0; change < settings.changes; change += 1) {
        own.counter += 1
        noteChange(client)
        say(client, own, 'counter')
      }
      await sleep(waitMs())
    }
  }
  io.on('connection', (socket) => {
    const { client } = socket.handshake.auth as { client: number }
    const own = states[client] as Own
    own.socket = socket
    if (recovery) void socket.join(room(client))
    if (recovery ? !socket.recovered : settings.snapshot) {
      const { counter, clicks } = own
      socket.emit('w', own.revision, [{ counter, clicks }])
    }
    socket.on('run', (answer: () => void) => {
      void run(client, own)
      answer()
    })
    socket.on('click', (click: number, answer: () => void) => {
      own.clicks += 1
      noteClick(client, click)
      say(client, own, 'clicks')
      answer()
    })
    socket.on('disconnect', () => {
      if (own.socket === socket) own.socket = undefined
    })
  })
  return async () => states.map(({ counter, clicks }) => ({ counter, clicks }))
}

const server = createServer()
const values = side === 'held' ? held(server) : socketIo(server)

answering({
  port: async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return (server.address() as AddressInfo).port
  },
  stop: () => {
    running = false
  },
  load,
  truth: async (): Promise<Truth[]> =>
    (await values()).map((value, client) => ({ ...value, ...(ledger[client] as (typeof ledger)[number]) })),
})
