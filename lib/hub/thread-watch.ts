/**
 * Sees from another thread when this one stands still, and says which function of the author's holds it: one that never
 * returns cannot be named by anything in its own thread. The names are in memory that both share. What went on after
 * waiting for something is not seen when it is called, so those that are under way are named as possible.
 */
import { url as debuggerAt } from 'node:inspector'
import { Worker } from 'node:worker_threads'
import type { Clock } from '../base/clock.js'
import type { Log } from '../base/log.js'
import { handlerLimits } from '../base/server-limits.js'
import { type Board, heldThread, nameOf, type Watchdog } from '../base/watchdog.js'
import type { TaskScheduler } from '../tasks/scheduler.js'

export interface ThreadCore {
  readonly clock: Clock
  readonly log: Log
  readonly watchdog: Watchdog
  readonly tasks: Pick<TaskScheduler, 'pool'>
}

const { suspects, threadHeldMs, watchedNames, watchedNameBytes } = handlerLimits

type Times = Record<'heartbeatMs' | 'threadStuckMs', number>

/** Positions in the shared memory: counts of 32 bits, then the names. The first name is that of what is under way. */
const beats = 0
const running = 1
const paused = 2
const ended = 3
const headerBytes = 16

/** Until the hub closes. */
export function watchThread(core: ThreadCore, times: Times = handlerLimits): void {
  core.watchdog.attach(new ThreadWatch(core, times))
}

class ThreadWatch implements Board {
  private readonly core: ThreadCore
  private readonly heartbeatMs: number
  private readonly memory = new SharedArrayBuffer(headerBytes + (watchedNames + 2) * watchedNameBytes)
  private readonly state = new Int32Array(this.memory, 0, 4)
  private readonly names = new Uint8Array(this.memory, headerBytes)
  private readonly ids = new Map<string, Map<string, Map<string, number>>>()
  private count = 1
  private readonly worker: Worker | undefined
  private beatAt = performance.now()
  private cancelTimer = () => {}
  /** What was under way at the last sign of life. */
  private before: readonly string[] = []

  constructor(core: ThreadCore, times: Times) {
    this.core = core
    this.heartbeatMs = times.heartbeatMs
    this.worker = started(this.memory, times)
    this.beat()
  }

  show(kind: string | undefined, definition: string, name: string): void {
    Atomics.store(this.state, running, kind === undefined ? 0 : this.idOf(kind, definition, name))
  }

  async close(): Promise<void> {
    this.cancelTimer()
    Atomics.store(this.state, ended, 1)
    Atomics.notify(this.state, ended)
    await this.worker?.terminate()
  }

  /** A sign of life. */
  private beat(): void {
    const now = performance.now()
    const lateMs = now - this.beatAt - this.heartbeatMs
    this.beatAt = now
    const waited = this.core.watchdog.suspects(suspects)
    const names = this.underWay(waited ?? [])
    if (waited && lateMs >= threadHeldMs) this.tell(lateMs, [...new Set([...this.before, ...names])])
    this.before = names
    this.write(0, names.length > 0 ? `perhaps by ${listed(names)}` : '')
    Atomics.store(this.state, paused, debuggerAt() === undefined ? 0 : 1) // a breakpoint holds it, and that is no fault
    Atomics.add(this.state, beats, 1)
    this.cancelTimer = this.core.clock.after(this.heartbeatMs, () => this.beat())
  }

  private tell(lateMs: number, names: readonly string[]): void {
    if (names.length === 0) return
    const held = `The event loop was blocked for ${Math.round(lateMs)} ms, perhaps by ${listed(names)}.`
    this.core.log.warn(`${held} ${heldThread}`)
  }

  private underWay(waited: readonly string[]): readonly string[] {
    const names = new Set(waited)
    for (const { definition, task } of this.core.tasks.pool.runs) {
      if (names.size >= suspects) break
      names.add(nameOf('Task', definition, task))
    }
    return [...names]
  }

  private idOf(kind: string, definition: string, name: string): number {
    const ofKind = this.ids.get(kind) ?? new Map()
    const ofDefinition = ofKind.get(definition) ?? new Map()
    const known = ofDefinition.get(name)
    if (known !== undefined) return known
    if (this.count > watchedNames) return watchedNames + 1
    const id = this.count
    this.count += 1
    this.write(id, `by ${nameOf(kind, definition, name)}`)
    this.ids.set(kind, ofKind.set(definition, ofDefinition.set(name, id)))
    return id
  }

  private write(id: number, name: string): void {
    const at = id * watchedNameBytes
    const bytes = new TextEncoder().encode(name).subarray(0, watchedNameBytes - 1)
    this.names[at] = bytes.length
    this.names.set(bytes, at + 1)
  }
}

const listed = (names: readonly string[]) => names.join(', ')

/** The watch is a help: an app runs without it where threads are not to be had. */
function started(memory: SharedArrayBuffer, { heartbeatMs, threadStuckMs }: Times): Worker | undefined {
  try {
    const worker = new Worker(watching, {
      eval: true,
      execArgv: [],
      env: {},
      workerData: {
        memory,
        headerBytes,
        nameBytes: watchedNameBytes,
        everyMs: heartbeatMs * 2,
        stuckMs: threadStuckMs,
      },
      resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 4 },
    })
    worker.on('error', () => {})
    worker.unref()
    return worker
  } catch {
    return undefined
  }
}

/** Runs in the other thread. What it says goes to the descriptor at once: streams of a worker pass through the thread that stands still. */
const watching = `
const { workerData: { memory, headerBytes, nameBytes, everyMs, stuckMs } } = require('node:worker_threads')
const { writeSync } = require('node:fs')
const state = new Int32Array(memory, 0, 4)
const names = new Uint8Array(memory, headerBytes)
const say = (text) => { try { writeSync(2, 'heldstate: ' + text + '\\n') } catch {} }
const nameAt = (id) => Buffer.from(names.slice(id * nameBytes + 1, id * nameBytes + 1 + names[id * nameBytes])).toString()
let last = -1
let stillMs = 0
let named = ''
while (Atomics.load(state, ${ended}) === 0) {
  Atomics.wait(state, ${ended}, 0, everyMs)
  const beat = Atomics.load(state, ${beats})
  if (beat !== last) {
    if (named !== '') say('The event loop runs again after about ' + Math.round(stillMs / 1000) + ' s. It was blocked ' + named + '.')
    last = beat
    stillMs = 0
    named = ''
  } else if (Atomics.load(state, ${paused}) === 0) {
    stillMs += everyMs
    if (named !== '' || stillMs < stuckMs) continue
    named = nameAt(Atomics.load(state, ${running}))
    if (named !== '') say('The event loop has been blocked for ' + Math.round(stillMs / 1000) + ' s; no page is served. It is blocked ' + named + '.')
  }
}
`
