/** A page in a thread of its own sees a step while the server computes what comes after it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { afterEach, expect, it } from 'vitest'
import { defineState } from '../doors/authors.js'
import { memoryStore } from '../doors/server.js'
import { socketPath } from '../protocol/path.js'
import { protocolVersion } from '../protocol/version.js'
import { diskStore } from '../store/disk/store.js'
import type { StateStore } from '../store/store.js'
import { listening } from './server.fixture.js'

/** Milliseconds that a page is given to see a step. */
const patience = 4_000
const seen = new Int32Array(new SharedArrayBuffer(4))
let missed: number[] = []

/** Computes without letting anything else run, until the page has seen a step. */
function compute(step: number): void {
  const end = Date.now() + patience
  while (Atomics.load(seen, 0) < step) if (Date.now() > end) return void missed.push(step)
}

const d = defineState('d', () => ({ n: 0 }))
  .events((on) => ({
    steps: on(function* (s) {
      for (const step of [1, 2, 3]) {
        s.n = step
        yield
        compute(step)
      }
    }),
  }))
  .tasks((background) => ({
    updates: background(async (self) => {
      for (const step of [1, 2, 3]) {
        await self.update((s) => void (s.n = step))
        compute(step)
        await self.sleep(20)
      }
    }),
    blocks: background(async function* (self) {
      await using held = await self.lock()
      for (const step of [1, 2, 3]) {
        held.state.n = step
        yield
        compute(step)
        await self.sleep(20)
      }
    }),
  }))

let cleanUp: (() => unknown)[] = []

afterEach(async () => {
  for (const end of cleanUp.reverse()) await end()
  cleanUp = []
})

async function disk(): Promise<StateStore> {
  const folder = await mkdtemp(join(tmpdir(), 'yielded-'))
  cleanUp.push(() => rm(folder, { recursive: true, force: true }))
  return diskStore({ dir: folder })
}

const page = `
const { workerData, parentPort } = require('node:worker_threads')
const { io } = require('socket.io-client')
const { url, path, auth, seen, member } = workerData
const socket = io(url, { path, auth, transports: ['websocket'], reconnection: false })
socket.on('w', () => socket.emit('call', 0, 1, 'd', member, []))
socket.on('d', ([, , , patches]) => {
  for (const [, value] of patches) if (typeof value === 'number' && value > 0) Atomics.store(seen, 0, Math.max(value, Atomics.load(seen, 0)))
  if (Atomics.load(seen, 0) === 3) parentPort.postMessage('all')
})
socket.on('bye', (reason) => parentPort.postMessage(String(reason)))
`

it.each([
  ['memory', 'steps'],
  ['memory', 'updates'],
  ['memory', 'blocks'],
  ['disk', 'steps'],
  ['disk', 'updates'],
  ['disk', 'blocks'],
])(
  'over the %s store: %s',
  async (store, member) => {
    missed = []
    Atomics.store(seen, 0, 0)
    const { url, close } = await listening([d], { store: store === 'disk' ? await disk() : memoryStore() })
    cleanUp.push(close)
    const auth = { version: protocolVersion, page: 'a'.repeat(32), subscriptions: [[0, 'tab', ['d']]] }
    const worker = new Worker(page, { eval: true, workerData: { url, path: socketPath, auth, seen, member } })
    cleanUp.push(() => worker.terminate())
    expect(await new Promise((resolve, reject) => worker.on('message', resolve).on('error', reject))).toBe('all')
    expect(missed).toEqual([])
  },
  20_000,
)
