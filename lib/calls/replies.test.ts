/** What an event replies: the page that called gets it, once for each time it asks, and for one run. */
import { describe, expect, it } from 'vitest'
import { defineState, type Json, reply } from '../doors/authors.js'
import { protocolVersion } from '../protocol/version.js'
import { memoryStore } from '../store/memory.js'
import type { StateStore } from '../store/store.js'
import { done as doneBy, gate } from '../testing/await.fixture.js'
import { type TestTab, testHub } from '../testing/kit.js'
import { Loopback } from '../testing/loopback.js'
import { type MortalStore, mortalStore } from '../testing/mortal.js'

let wait = gate()

const notes = defineState('notes', () => ({ texts: [] as string[], runs: 0, started: 0 }))
  .tasks((background) => ({
    count: background(({ update }) => update((s) => void (s.started += 1))),
  }))
  .events((on, { count }) => ({
    add: on((s, text: string) => {
      s.texts.push(text)
      return reply({ id: s.texts.length })
    }),
    rich: on((s) => reply({ at: new Date(5), by: new Map([['a', new Set([1n])]]), texts: s.texts, no: undefined })),
    late: on(async (s) => {
      s.runs += 1
      await wait.opened
      return reply(s.runs)
    }),
    steps: on(async function* (s) {
      s.runs += 1
      yield
      await wait.opened
      s.runs += 10
      return reply(s.runs)
    }),
    starts: on((s) => {
      s.runs += 1
      return [reply('started'), count()]
    }),
    read: on(() => {
      runs += 1
      return reply(runs)
    }),
    early: on((s) => {
      const made = reply(s.texts)
      s.texts = ['later']
      return made
    }),
    perhaps: on((s) => (s.runs > 0 ? reply('yes') : undefined)),
    nothing: on((s) => void (s.runs += 1)),
    twice: on((s) => {
      s.runs += 1
      return [reply(1), reply(2)]
    }),
    large: on((s, length: number) => {
      s.runs += 1
      return reply('x'.repeat(length))
    }),
    wrong: on((s) => {
      s.runs += 1
      return reply({ rows: [{ run: () => 1 }] })
    }),
    mixed: on((s) => {
      s.runs += 1
      return [reply(1), 5 as never]
    }),
    yields: on(function* () {
      yield reply(1) as never
    }),
    hope: on({ optimistic: (s, text: string) => void s.texts.push(text) }, (s, text: string) => {
      s.texts.push(text)
      return reply(s.texts.length)
    }),
  }))

let runs = 0

async function open(shared: StateStore = memoryStore()) {
  wait = gate()
  runs = 0
  const store = mortalStore(shared)
  const kit = testHub([notes], { store })
  const tab = await kit.open()
  return { ...kit, shared, store, tab, state: await tab.watch(notes), now: () => tab.state(notes) }
}

/** The process of the hub ends at once, and the next one is started over the same store. */
async function restarted(shared: StateStore, before: MortalStore, tab: TestTab) {
  before.die()
  const kit = testHub([notes], { store: shared })
  tab.wire.deaf = false
  tab.rewire(kit.hub, kit.clock)
  await tab.reconnect()
  await kit.clock.advance(50)
  return kit
}

describe('a reply', () => {
  it('is what the call resolves with, once the page shows the change', async () => {
    const { state, now, done } = await open()
    const { id } = await done(state.add('tea').then((given) => ({ ...given, shown: now().texts.length })))
    expect(id).toBe(1)
    expect(await done(state.add('milk'))).toEqual({ id: 2 })
    expect(await done(state.nothing())).toBeUndefined()
    expect(await done(state.perhaps())).toBe('yes')
  })

  it('holds what state may hold, as it was when it was made', async () => {
    const { state, done } = await open()
    await done(state.add('tea'))
    const rich = { at: new Date(5), by: new Map([['a', new Set([1n])]]), texts: ['tea'], no: undefined }
    expect(await done(state.rich())).toEqual(rich)
    expect(await done(state.early())).toEqual(['tea'])
  })

  it('is given at the end of an asynchronous event and of a generator, and with triggers', async () => {
    const { state, now, done, clock } = await open()
    wait.open()
    expect(await done(state.late())).toBe(1)
    expect(await done(state.steps())).toBe(12)
    expect(await done(state.starts())).toBe('started')
    await clock.advance(20)
    expect(now().started).toBe(1)
  })

  it('comes with an optimistic event as well', async () => {
    const { state, done } = await open()
    expect(await done(state.hope('tea'))).toBe(1)
  })

  it.each([
    ['twice', 'invalid-reply', 'Event "twice" of state "notes" returned two replies'],
    ['large', 'invalid-reply', 'Event "large" of state "notes" replied with 16385 bytes'],
    ['wrong', 'invalid-value', 'Event "wrong" of state "notes": '],
    ['yields', 'invalid-trigger', 'Event "yields" of state "notes" returned or yielded a reply'],
    ['mixed', 'invalid-trigger', 'Event "mixed" of state "notes" returned or yielded an array'],
  ] as const)('that cannot be sent fails by name, and nothing is kept: %s', async (event, code, says) => {
    const { state, now, done } = await open()
    const called: Promise<unknown> = event === 'large' ? state.large(16_383) : state[event]()
    await expect(done(called)).rejects.toMatchObject({ code, message: expect.stringContaining(says) })
    expect(now().runs).toBe(0)
    expect(await done(state.large(16_382))).toHaveLength(16_382)
  })
})

describe('a call that is sent again gets the same reply', () => {
  it('after a lost connection', async () => {
    const { state, tab, done, clock, now } = await open()
    const called = state.late()
    await clock.advance(20)
    tab.drop()
    wait.open()
    await clock.advance(20)
    await tab.reconnect()
    expect(await done(called)).toBe(1)
    expect(now().runs).toBe(1)
  })

  it('after the end of the process, also where nothing else has changed', async () => {
    const { state, tab, shared, store, clock } = await open()
    tab.wire.deaf = true
    const called = state.read()
    await clock.advance(20)
    expect(runs).toBe(1)
    const next = await restarted(shared, store, tab)
    expect(await doneBy(next.clock, called)).toBe(1)
    expect(runs).toBe(1)
  })
})

describe('a call of which another connection has a copy', () => {
  const page = 'a'.repeat(32)
  /** A connection of the same page, by hand. */
  async function raw(kit: ReturnType<typeof testHub>, token: string | undefined, formers: Json[] = []) {
    const wire = new Loopback(kit.hub, kit.clock, 'browser')
    const received: (readonly unknown[])[] = []
    wire.start({
      hello: async () => ({
        version: protocolVersion,
        page: formers.length > 0 ? 'b'.repeat(32) : page,
        subscriptions: [[0, 'tab', ['notes']]],
        ...(token === undefined ? {} : { token }),
        ...(formers.length > 0 ? { formers } : {}),
      }),
      message: (name, args) => void received.push([name, ...args]),
      closed: () => {},
    })
    await kit.clock.settle()
    const settled = () => received.flatMap(([name, change]) => (name === 'd' ? ((change as unknown[])[4] ?? []) : []))
    return { wire, settled, token: received.find(([name]) => name === 'hi')?.[1] as string }
  }

  it('gets the same reply over both, from one run', async () => {
    const kit = await open()
    const first = await raw(kit, undefined)
    first.wire.send('call', 0, 1, 'notes', 'late')
    await kit.clock.settle()
    const second = await raw(kit, first.token)
    second.wire.send('call', 0, 1, 'notes', 'late')
    wait.open()
    await kit.clock.advance(50)
    expect(second.settled()).toEqual([[1, 0, 1]])
    second.wire.send('call', 0, 1, 'notes', 'late')
    await kit.clock.advance(50)
    expect(second.settled()).toEqual([
      [1, 0, 1],
      [1, 0, 1],
    ])
  })

  it('is answered to the page after a reload, and has run once', async () => {
    const kit = await open()
    const first = await raw(kit, undefined)
    first.wire.send('call', 0, 1, 'notes', 'add', ['tea'])
    await kit.clock.settle()
    first.wire.cut()
    const next = await raw(kit, first.token, [[page, 1]])
    next.wire.send('call', 0, 1, 'notes', 'add', ['tea'], 0)
    await kit.clock.advance(50)
    expect(next.settled()).toEqual([[1, 0, { id: 1 }]])
  })
})

describe('what is remembered of replies', () => {
  const kept = async (shared: StateStore, tab: TestTab) => (await shared.load(tab.token))?.calls.at(-1)?.replies ?? []

  it('is saved with the change, and written no more once the page has heard it', async () => {
    const { state, shared, tab, done, clock } = await open()
    await done(state.add('tea'))
    expect(await kept(shared, tab)).toEqual([{ id: 2, reply: { id: 1 } }])
    for (let index = 0; index < 3; index += 1) await done(state.add('tea'))
    await clock.advance(20)
    await done(state.nothing())
    expect(await kept(shared, tab)).toEqual([])
  })

  it('that is long is written once', async () => {
    const { state, shared, tab, done, clock } = await open()
    await done(state.large(2_000))
    await clock.advance(20)
    await done(state.nothing())
    expect(await kept(shared, tab)).toEqual([])
  })

  it('is forgotten with the first call that the page makes over the next connection', async () => {
    const { state, shared, tab, done, clock } = await open()
    await done(state.add('tea'))
    tab.drop()
    await tab.reconnect()
    await clock.advance(20)
    await done(state.add('milk'))
    expect(await kept(shared, tab)).toEqual([{ id: 3, reply: { id: 2 } }])
  })

  it('is bounded: calls of a page that does not say what it hears wait, and its neighbours do not notice', async () => {
    const { state, tab, done, clock, open: openNext, now } = await open()
    const other = await openNext()
    const neighbour = await other.watch(notes)
    const send = tab.wire.send.bind(tab.wire)
    tab.wire.send = (name, ...args) => name !== 'heard' && send(name, ...args)
    const ends: number[] = []
    for (let index = 0; index < 10; index += 1) void state.large(16_000).then(({ length }) => ends.push(length))
    await clock.advance(100)
    expect(ends).toHaveLength(5)
    expect(now().runs).toBe(5)
    expect(await done(neighbour.add('tea'))).toEqual({ id: 1 })
    tab.wire.send = send
    tab.drop()
    await tab.reconnect()
    await clock.advance(100)
    expect(ends).toHaveLength(10)
    expect(now().runs).toBe(10)
  })

  it('makes nobody wait who says what he hears', async () => {
    const { state, clock } = await open()
    const ends: number[] = []
    for (let index = 0; index < 100; index += 1) void state.large(16_000).then(({ length }) => ends.push(length))
    await clock.advance(500)
    expect(ends).toHaveLength(100)
  })
})
