/**
 * The server under attack, a process of its own: plain http, a hub, and Socket.IO, as in production. The parent asks over
 * IPC: `listen`, `memory`, `counts`, `delay`, `log`.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { inspect } from 'node:util'
import { Worker } from 'node:worker_threads'
import type { StateStore } from '../../lib/store/store.js'
import { watchBuiltIns } from '../../lib/transport/built-ins.fixture.js'
import { answering } from '../child.js'
import { attachSocketIo, defaultLimits, diskStore, HubRuntime, memoryStore, redisStore, socketPath } from './library.js'
import { states } from './states.js'

export interface Started {
  /** `memory`, `disk`, or the url of a redis. */
  readonly store: string
  /** Bounds that this run has other than by default; names that this version does not know are left out. */
  readonly limits: Readonly<Record<string, number>>
}

export interface Counts {
  readonly sessions: number
  readonly instances: number
  readonly tasks: number
  /** Tokens that the store keeps. */
  readonly tokens: number
  /** Bytes that were logged since the start. */
  readonly logBytes: number
  /** Built-ins that were changed. */
  readonly polluted: readonly string[]
}

export interface Memory extends Counts {
  /** Bytes alive after a collection: heap and external. */
  readonly live: number
  readonly rss: number
}

const builtIns = watchBuiltIns()
const resolution = 2
const delay = monitorEventLoopDelay({ resolution })
delay.enable()

/** Lines of the log that are looked at; those after them are only counted. */
const keptLines = 5_000
let lines: string[] = []
let logBytes = 0
const note = (message: string, error?: unknown) => {
  const line = error === undefined ? message : `${message} ${inspect(error)}`
  logBytes += Buffer.byteLength(line) + 1
  if (lines.length < keptLines) lines.push(line.slice(0, 2_000))
}

const kept = new Map<string, never>()
const saved = new Set<string>()
let folder: string | undefined
let hub: InstanceType<typeof HubRuntime> | undefined

function storeFor(where: string) {
  if (where === 'memory') return memoryStore(kept)
  if (where === 'disk') folder = mkdtempSync(join(tmpdir(), 'heldstate-attack-'))
  const store: StateStore = folder ? diskStore({ dir: folder }) : redisStore(where)
  const { save, drop } = store
  store.save = (token, next) => {
    saved.add(token)
    return save.call(store, token, next)
  }
  store.drop = (token) => {
    saved.delete(token)
    return drop.call(store, token)
  }
  return store
}

async function listen({ store, limits }: Started): Promise<number> {
  const known = Object.fromEntries(Object.entries(limits).filter(([name]) => Object.hasOwn(defaultLimits, name)))
  hub = new HubRuntime({ store: storeFor(store), limits: known, log: { info: note, warn: note, error: note } })
  hub.registry.add(...states)
  const server = createServer((_, response) => void response.writeHead(404).end('no page'))
  attachSocketIo(hub, server, { path: socketPath })
  await hub.resume()
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve))
  return (server.address() as AddressInfo).port
}

const counts = (): Counts => ({
  sessions: hub?.sessions.size ?? 0,
  instances: hub?.instances.size ?? 0,
  tasks: hub?.backgroundTasks.size ?? 0,
  tokens: kept.size + saved.size,
  logBytes,
  polluted: builtIns.changed(),
})

/** Ends the process when its parent has gone, also while its own loop hangs. */
new Worker(
  `const parent = process.ppid
   setInterval(() => process.ppid === parent || process.kill(process.pid, 'SIGKILL'), 1_000)`,
  { eval: true, execArgv: [] },
).unref()

process.on('exit', () => folder && rmSync(folder, { recursive: true, force: true }))
process.on('unhandledRejection', (reason) => note('unhandled rejection', reason))

answering({
  listen,
  counts,
  memory: (): Memory => {
    global.gc?.()
    global.gc?.()
    const { heapUsed, external, rss } = process.memoryUsage()
    return { ...counts(), live: heapUsed + external, rss }
  },
  /** Milliseconds by which the loop was late since the last question. */
  delay: () => {
    const late = (ns: number) => Math.max(0, ns / 1e6 - resolution)
    const figures = delay.count ? { p99: late(delay.percentile(99)), max: late(delay.max) } : { p99: 0, max: 0 }
    delay.reset()
    return figures
  },
  /** The lines since the last question. */
  log: () => {
    const given = lines
    lines = []
    return given
  },
})
