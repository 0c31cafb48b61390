/** What a hub counts over all pages: whatever they do and whenever their connections end, nothing of it stays. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Json } from '../base/encode.js'
import { processLimits } from '../base/server-limits.js'
import { defineState } from '../doors/authors.js'
import type { HubRuntime } from '../hub/hub.js'
import { signToken } from '../instance/token.js'
import { protocolVersion } from '../protocol/version.js'
import { memoryStore } from '../store/memory.js'
import { testHub } from '../testing/kit.js'
import type { Connection } from './connection.js'
import type { Session } from './session.js'

const d = defineState('d', () => ({ text: '', n: 0 })).events((on) => ({
  put: on((s, text: string) => {
    s.text = text
  }),
  add: on((s) => {
    s.n += 1
  }),
  fail: on((_, text: string) => {
    throw new Error(text)
  }),
  slow: on(async (s, wait: number) => {
    await later(wait)
    s.n += 1
  }),
}))

let later: (ms: number) => Promise<void>

/** A connection that takes what it is sent when it is told to. */
class Line implements Connection {
  readonly address = '1.2.3.4'
  onTaken: { taken(): void } | undefined
  unread = 0
  written = 0
  reads = true
  session: Session | undefined
  onClose = () => {}

  send(...message: Json[]): void {
    const { length } = JSON.stringify(message)
    this.written += length
    if (!this.reads) this.unread += length
  }
  pause(): void {}
  resume(): void {}
  take(bytes: number): void {
    this.unread = Math.max(0, this.unread - bytes)
    this.onTaken?.taken()
  }
  close(): void {
    this.onClose()
  }
}

/** Of a hub, with what it keeps to itself. */
function totals(hub: HubRuntime) {
  const { memory, sessions, instances } = hub
  const sizeIn = (holder: object, name: string) => (Reflect.get(holder, name) as { size: number }).size
  return {
    unread: memory.unread.bytes,
    blocked: sizeIn(memory.unread, 'blocked'),
    windows: memory.windows.bytes,
    histories: sizeIn(memory.windows, 'sizes'),
    inboxes: memory.inboxes.bytes,
    stopped: sizeIn(memory.inboxes, 'stopped'),
    waiting: sizeIn(hub.fairShare, 'waiting'),
    pages: sizeIn(Reflect.get(hub.connections, 'earlier') as object, 'byToken'),
    states: Reflect.get(Reflect.get(hub, 'eviction') as object, 'bytes') as number,
    sessions: sessions.size,
    instances: instances.size,
  }
}

const nothing = Object.fromEntries(Object.keys(totals(testHub([d]).hub)).map((name) => [name, 0]))

type Act = readonly [what: 'open' | 'call' | 'stall' | 'take' | 'close' | 'wait', at: number, how: number]

const act: fc.Arbitrary<Act> = fc.tuple(
  fc.constantFrom('open', 'open', 'call', 'call', 'call', 'stall', 'take', 'close', 'wait'),
  fc.nat(20),
  fc.nat(50),
)

async function play(acts: readonly Act[], saveMs: number): Promise<ReturnType<typeof totals>> {
  const store = memoryStore()
  const save: typeof store.save = async (...args) => {
    await later(saveMs)
    return store.save(...args)
  }
  const limits = { inboxBytes: 3_000, callsPerTab: 20, callsBurst: 10, rememberedPages: 2, newTabsBurst: 1_000 }
  const { hub, clock } = testHub([d], {
    store: saveMs > 0 ? { ...store, save, inMemory: false } : store,
    limits,
    heapBytes: 400_000,
  })
  later = (ms) => new Promise((resolve) => void clock.after(ms, () => resolve()))
  const tokens = Array.from({ length: 3 }, (_, n) => signToken(`${n}`.padStart(32, '0'), 'b', 'of a test'))
  const lines: Line[] = []
  const end = (line: Line) => {
    const { session } = line
    line.session = undefined
    if (session) hub.disconnected(session)
  }
  let id = 0
  for (const [what, at, how] of acts) {
    const line = lines[at % Math.max(1, lines.length)]
    if (what === 'open') {
      const made = new Line()
      made.onClose = () => clock.turn(() => end(made))
      const page = `${how % 5}`.padStart(32, 'a')
      const hello = {
        version: protocolVersion,
        page,
        token: tokens[at % 3],
        subscriptions: [[0, 'tab', ['d']]],
        lastSeq: how > 25 ? 1 : undefined,
      }
      made.session = hub.connect(made, hello, 'b')
      lines.push(made)
    } else if (what === 'wait') await clock.advance(how ** 2)
    else if (!line) continue
    else if (what === 'call') {
      const [name, arg] = [
        ['put', 'x'.repeat(how * 40)],
        ['add', 0],
        ['fail', 'x'.repeat(how * 10)],
        ['slow', how * 20],
        ['put', 'y'.repeat(1_200)],
      ][how % 5] as [string, Json]
      const calls = Array.from({ length: 1 + (at % 4) }, () => ['call', 0, (id += 1), 'd', name, [arg]])
      line.session?.receive('batch', [calls], JSON.stringify(calls).length)
    } else if (what === 'stall') line.reads = false
    else if (what === 'take') line.take(how * 4_000)
    else end(line)
    if (how % 3 === 0) await clock.settle()
  }
  for (const line of lines) end(line)
  await clock.advance(3 * processLimits.windowMs + hub.limits.unloadMs + hub.limits.eventTimeoutMs)
  await clock.advance(hub.limits.unloadMs)
  if (hub.store.inMemory) await clock.advance(hub.limits.retainMs) // until then it takes what it keeps
  return totals(hub)
}

it.each([0, 30])('keeps nothing of pages that have gone, with saves of %i ms', async (saveMs) => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 20, maxLength: 60, size: 'max' }), async (acts) => {
      expect(await play(acts, saveMs)).toEqual(nothing)
    }),
    { seed: 13, numRuns: 60 },
  )
})
