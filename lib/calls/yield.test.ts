/** What a `yield` of a handler does: saves and shows what changed so far, at once, while the lock stays held. */
import { expect, it } from 'vitest'
import { defineState } from '../doors/authors.js'
import { memoryStore } from '../doors/server.js'
import type { StateStore } from '../store/store.js'
import { done, failure, gate } from '../testing/await.fixture.js'
import { testHub } from '../testing/kit.js'

let wait = gate()
/** What the page shows while a handler runs. */
let shown = (): unknown => undefined

const other = defineState('other', () => ({ n: 0 }))
const d = defineState('d', () => ({ n: 0, note: '', rows: [] as { done: number }[] }))
  .private(() => ({ secret: 0 }))
  .events((on) => ({
    add: on((s, by: number) => {
      s.n += by
    }),
    stops: on(async function* (s) {
      s.n = 1
      s.secret = 1
      yield
      await wait.opened
      s.n = 2
      yield
      s.n = 3
    }),
    both: on(async function* (s) {
      s.n = 1
      this.get(other).n = 1
      yield
      await wait.opened
      this.get(other).n = 2
      throw new Error('no')
    }),
    steps: on(function* (s, count: number) {
      for (let step = 1; step <= count; step += 1) {
        s.n = step
        yield
        s.note += `${shown()} `
      }
    }),
    pushes: on(function* (s) {
      const row = { done: 0 }
      s.rows.push(row)
      const read = s.rows[0] as { done: number }
      yield
      row.done = 1
      yield
      read.done += 10
    }),
    idle: on(function* (s) {
      yield
      s.n = 1
      yield
      yield
    }),
  }))

async function open(store?: StateStore) {
  wait = gate()
  const kit = testHub([d, other], store ? { store } : {})
  const tab = await kit.open()
  await tab.watch(other)
  return { ...kit, tab, state: await tab.watch(d), d: () => tab.state(d) }
}

it('shows what changed so far without any time passing, and saves it with its private part', async () => {
  const store = memoryStore()
  const { clock, state, tab, d: now } = await open(store)
  await clock.advance(100)
  const called = state.stops()
  await clock.settle()
  expect(now().n).toBe(1)
  expect((await store.load(tab.token))?.state.d).toEqual({ n: 1, note: '', rows: [], secret: 1 })
  wait.open()
  await done(clock, called)
  expect(now().n).toBe(3)
})

it('shows nothing that the store does not have yet', async () => {
  const kept = memoryStore()
  let saving = gate()
  saving.open()
  const store: StateStore = {
    ...kept,
    save: async (token, next) => {
      await saving.opened
      return kept.save(token, next)
    },
  }
  const { clock, state, d: now } = await open(store)
  saving = gate()
  const called = state.stops()
  await clock.advance(100)
  expect(now().n).toBe(0)
  saving.open()
  await clock.advance(100)
  expect(now().n).toBe(1)
  wait.open()
  await done(clock, called)
})

it('shows all states of the token as one revision, and a throw after it takes back none of them', async () => {
  const { clock, state, tab } = await open()
  const before = tab.revision
  const called = failure(clock, state.both())
  await clock.advance(20)
  expect([tab.state(d).n, tab.state(other).n, tab.revision]).toEqual([1, 1, before + 1])
  wait.open()
  await clock.settle()
  expect(await called).toMatchObject({ code: 'handler-failed' })
  expect([tab.state(d).n, tab.state(other).n, tab.revision]).toEqual([1, 1, before + 1])
})

it('makes no revision where nothing has changed', async () => {
  const { clock, state, tab } = await open()
  const before = tab.revision
  await done(clock, state.idle())
  expect(tab.revision).toBe(before + 2) // the change; and that the call ended well, of which the save before could not know
})

it('lets no other change of the token in between', async () => {
  const { clock, hub, state, tab, d: now } = await open()
  const called = state.stops()
  await clock.settle()
  const added = state.add(100)
  const modified = hub.modifyState(tab.token, d, (s) => void (s.note = `n was ${s.n}`))
  await clock.advance(100)
  expect(now()).toMatchObject({ n: 1, note: '' })
  wait.open()
  await done(clock, Promise.all([called, added, modified]))
  await clock.advance(20)
  expect(now().n).toBe(103)
  expect(now().note).toMatch(/^n was (3|103)$/)
})

it('is seen by the page before the work that follows, also shortly after another step', async () => {
  const { clock, state, tab, d: now } = await open()
  shown = () =>
    tab.wire.received
      .flatMap(([name, ...args]) => (name === 'd' ? JSON.stringify(args).match(/"n"\],(\d)/)?.[1] : []))
      .at(-1)
  await done(clock, state.steps(3))
  expect(now().note).toBe('undefined 1 2 ') // what is sent arrives in the next turn: nothing waits for a frame
})

it('does not part the author from what was put in before it', async () => {
  const { clock, state, d: now } = await open()
  await done(clock, state.pushes())
  expect(now().rows).toEqual([{ done: 11 }])
})
