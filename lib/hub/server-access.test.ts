/** Tokens that server code names, and whether there is a tab with them. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { defaultLimits } from '../base/limits.js'
import { processLimits } from '../base/server-limits.js'
import { sharedStore } from '../cluster/shared-store.js'
import { defineState } from '../doors/authors.js'
import { diskStore } from '../doors/next.js'
import { forgetTab, getState, hub, memoryStore, modifyState } from '../doors/server.js'
import { gate } from '../testing/await.fixture.js'
import { TestClock } from '../testing/clock.js'
import { TestTab, testHub } from '../testing/kit.js'
import { MemoryCoordinatorState, memoryCoordinator } from '../testing/memory-coordinator.js'
import { setSlot } from './process-hub.js'

let leaked = ''
const d = defineState('d', () => ({ n: 0 }))
  .tasks((background) => ({
    idle: background(({ sleep }) => sleep(1_000_000)),
    readsToo: background(async (self) => {
      leaked = self.token
    }),
  }))
  .events((on) => ({
    add: on((s) => void (s.n += 1)),
    look: on(() => {}),
    reads: on(function () {
      leaked = this.token
    }),
  }))
const nobody = '0123456789abcdef'.repeat(2)
const change = (token: string) => modifyState(token, d, (s) => (s.n += 10))

afterEach(() => setSlot(undefined))

describe.each([
  ['memory', () => memoryStore()],
  ['disk', (clock: TestClock) => diskStore({ dir: mkdtempSync(join(tmpdir(), 'heldstate-has-')), clock })],
  [
    'shared',
    (clock: TestClock) =>
      sharedStore({ coordinator: memoryCoordinator(new MemoryCoordinatorState(clock)), clock, leaseMs: 4_000 }),
  ],
] as const)('over a store of kind %s', (kind, make) => {
  async function open() {
    const clock = new TestClock(7)
    const kit = testHub([d], { store: make(clock) }, clock)
    const tab = await kit.open()
    await tab.watch(d)
    /** All pages and tasks have gone, and so has what memory knew of them. */
    const unloaded = async () => {
      tab.close()
      await clock.advance(kit.hub.limits.unloadMs + processLimits.windowMs)
      for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
      await clock.advance(kit.hub.limits.unloadMs)
      expect(kit.hub.instances.size).toBe(0)
    }
    const outcome = (work: Promise<unknown>) =>
      kit.done(work).then(
        (value) => value,
        (error) => error.code,
      )
    const { done } = kit
    return { ...kit, tab, unloaded, outcome, has: (token: string) => done(hub.has(token)) }
  }

  it('a token that never existed is refused, and nothing is made of it', async () => {
    const { outcome, has, hub: held } = await open()
    expect([await has(nobody), await outcome(change(nobody))]).toEqual([false, 'unknown-token'])
    expect(await outcome(held.modifyState(nobody, d, () => {}))).toBe('unknown-token')
    expect(await outcome(hub.lock(nobody))).toBe('unknown-token')
    expect([await has(nobody), held.instances.has(nobody), await held.store.read(nobody)]).toEqual([
      false,
      false,
      undefined,
    ])
    expect(held.locks.held).toBe(0)
  })

  it('a tab exists while its page is connected, though it has changed nothing', async () => {
    const { tab, has, outcome } = await open()
    expect([await has(tab.token), await outcome(change(tab.token)), await has(tab.token)]).toEqual([true, 10, true])
  })

  it('a tab whose page only looked does not exist any more when the page has gone', async () => {
    const { tab, has, outcome, unloaded } = await open()
    const { token } = tab
    await unloaded()
    expect([await has(token), await outcome(change(token))]).toEqual([false, 'unknown-token'])
  })

  it.each(['add', 'look', 'reads'] as const)(
    'a tab exists once its event "%s" has run, unloaded too',
    async (event) => {
      const { tab, has, outcome, unloaded, done } = await open()
      await done(tab.state(d)[event]())
      const { token } = tab
      await unloaded()
      expect([await has(token), await outcome(change(token))]).toEqual([true, event === 'add' ? 11 : 10])
    },
  )

  it.each(['idle', 'readsToo'] as const)('and once its task "%s" was started', async (task) => {
    const { tab, has, outcome, unloaded, done } = await open()
    await done(tab.state(d)[task].start())
    const { token } = tab
    tab.close()
    expect(await has(token)).toBe(true)
    if (task === 'readsToo') await unloaded()
    expect([await has(token), await outcome(change(token))]).toEqual([true, 10])
  })

  if (kind !== 'shared')
    it.each(['event', 'task'] as const)('a token that an %s has read outlives a crash', async (by) => {
      const { tab, has, outcome, done, crash } = await open()
      leaked = ''
      await done<unknown>(by === 'event' ? tab.state(d).reads() : tab.state(d).readsToo.start())
      await done(Promise.resolve())
      tab.close()
      crash()
      expect(leaked).toBe(tab.token)
      expect([await has(leaked), await outcome(change(leaked))]).toEqual([true, 10])
    })

  it('a tab that was ended does not exist, at once and later, also for what waited for its lock', async () => {
    const { tab, has, outcome, done, clock } = await open()
    await done(tab.state(d).add())
    const { token } = tab
    const held = gate()
    const first = modifyState(token, d, () => held.opened)
    const ended = tab.request(() => forgetTab())
    await clock.settle()
    const waiting = outcome(change(token))
    held.open()
    await done(first)
    await ended
    expect(await waiting).toBe('unknown-token')
    expect([await has(token), await outcome(change(token))]).toEqual([false, 'unknown-token'])
    await clock.advance(2 * defaultLimits.lockWaitMs)
    expect([await has(token), await outcome(change(token)), await has(token)]).toEqual([false, 'unknown-token', false])
  })

  it('the tab that calls is changed also where nothing of it is known, and getState reads first values', async () => {
    const { tab, done, crash } = await open()
    crash() // its page has not connected again
    expect(await tab.request(() => getState(d))).toMatchObject({ n: 0 })
    expect(await tab.request(() => modifyState(d, (s) => (s.n += 1)))).toBe(1)
    expect(await done(hub.has(tab.token))).toBe(true)
  })

  it('has() of what is no token is false, and a closed hub refuses it', async () => {
    const { has, outcome, hub: held } = await open()
    for (const token of ['', 'x', '__proto__', undefined as never, 5 as never]) expect(await has(token)).toBe(false)
    await held.close()
    expect(await outcome(held.has(nobody))).toBe('hub-closed')
  })
})

describe('over two processes', () => {
  async function two() {
    const clock = new TestClock(9)
    const book = new MemoryCoordinatorState(clock)
    const make = () =>
      testHub([d], { store: sharedStore({ coordinator: memoryCoordinator(book), clock, leaseMs: 4_000 }) }, clock)
    const [a, b] = [make(), make()]
    await clock.advance(10)
    const tab = await a.open()
    await tab.watch(d)
    await clock.advance(10)
    return { a, b, tab, clock, book }
  }

  it('a page that is connected to another one exists, and one that was ended there does not', async () => {
    const { a, b, tab } = await two()
    const { token } = tab
    expect(await b.done(b.hub.has(token))).toBe(true)
    expect(await b.done(b.hub.modifyState(token, d, (s) => (s.n += 1)))).toBe(1)
    await a.done(a.hub.forgottenTabs.forget(token))
    expect(await b.done(b.hub.has(token))).toBe(false)
    await expect(b.done(b.hub.modifyState(token, d, () => {}))).rejects.toMatchObject({ code: 'unknown-token' })
  })

  it('code for a duplicated tab whose page is connected to another one works on the copy', async () => {
    const { a, b, tab, clock } = await two()
    await a.done(a.hub.modifyState(tab.token, d, (s) => (s.n += 5)))
    const copy = new TestTab(a.hub, clock, tab.browser, tab.signedToken, true)
    copy.state(d)
    copy.connect()
    await clock.advance(100)
    expect(copy.state(d).n).toBe(5)
    expect(await b.done(b.hub.modifyState(copy.token, d, (s) => (s.n += 1)))).toBe(6)
    await clock.advance(100)
    expect(copy.state(d).n).toBe(6)
  })

  it('a token that an event has read there exists here when the page has gone', async () => {
    const { b, tab, clock, a } = await two()
    await a.done(tab.state(d).reads())
    tab.close()
    await clock.advance(100)
    expect(await b.done(b.hub.has(tab.token))).toBe(true)
    expect(await b.done(b.hub.modifyState(tab.token, d, (s) => (s.n += 1)))).toBe(1)
  })

  it('a page whose process has died without a word exists: it comes back to another one', async () => {
    const { a, b, tab, clock } = await two()
    const { token } = tab
    a.crash()
    await clock.advance(20_000)
    expect(await b.done(b.hub.has(token))).toBe(true)
    expect(await b.done(b.hub.modifyState(token, d, (s) => (s.n += 1)))).toBe(1)
  })

  it('asking for a token that never existed leaves nothing in the coordinator', async () => {
    const { b, book } = await two()
    const before = [...book.entries.keys()].filter((token) => token === nobody)
    expect(await b.done(b.hub.has(nobody))).toBe(false)
    await expect(b.done(b.hub.modifyState(nobody, d, () => {}))).rejects.toMatchObject({ code: 'unknown-token' })
    expect(before).toEqual([])
    expect(book.entries.get(nobody)?.owner).toBeUndefined()
  })
})
