/** A page with a second subscription, to the state of another token, at an address that the test gives. */
import { expect, it } from 'vitest'
import { defineState } from '../doors/authors.js'
import type { HubOptions } from '../hub/options.js'
import { memoryStore } from '../store/memory.js'
import { TestTab, testHub } from '../testing/kit.js'
import { shownOf } from './mirror.js'
import { StateHandle } from './state-handle.js'

const free: Record<string, () => void> = {}
const d = defineState('d', () => ({ n: 0, names: [] as string[] })).events((on) => ({
  add: on((s, by: number) => {
    s.n += by
  }),
  hope: on({ optimistic: true }, (s, name: string) => {
    s.names.push(name)
  }),
  slow: on(async (s, name: string) => {
    await new Promise<void>((resolve) => {
      free[name] = resolve
    })
    s.names.push(name)
  }),
}))

async function two(options: Partial<HubOptions> = {}) {
  const kit = testHub([d], options as never)
  const board = await kit.open()
  await board.watch(d)
  const { token } = board
  const serve = () => kit.hub.addresses.set('board', () => token)
  serve()
  const page = await kit.open()
  await page.watch(d)
  const other = page.tab.open('board')
  const handle = new StateHandle(d, other)
  await kit.clock.settle()
  const own = () => page.state(d)
  const second = () => handle.snapshot(page.tab.mirror.getState()) as ReturnType<typeof own>
  return { ...kit, crash: () => (kit.crash(), serve()), board, page, other, own, second, token }
}

it('shows each what it watches, and changes the one that is called', async () => {
  const { own, second, board, done, clock } = await two()
  await done(own().add(1))
  await done(second().add(10))
  await done(board.state(d).add(100))
  await clock.advance(50)
  expect([own().n, second().n, board.state(d).n]).toEqual([1, 110, 110])
})

it('shows a change of both within one turn at once, by one render', async () => {
  const { own, second, page, hub, token, clock } = await two()
  await clock.advance(100)
  const seen: number[][] = []
  page.onChange(() => void seen.push([own().n, second().n]))
  await Promise.all([
    hub.modifyState(page.token, d, (s) => void (s.n = 1)),
    hub.modifyState(token, d, (s) => void (s.n = 1)),
  ])
  await clock.advance(100)
  expect(seen).toEqual([[1, 1]])
  const [name, ...changes] = page.wire.received.at(-1) ?? []
  expect([name, ...changes.map((change) => (change as number[])[0])]).toEqual(['d', 0, 1])
})

it('has an order and a lock for each: a call that waits does not hold up the other state', async () => {
  const { own, second, clock, done } = await two()
  const waits = own().slow('a')
  const behind = own().add(1)
  await done(second().add(10))
  expect([own().n, second().n]).toEqual([0, 10])
  free.a?.()
  await done(waits)
  await done(behind)
  expect(own().n).toBe(1)
  await clock.settle()
})

it('goes on from what the page heard, in each, by the difference alone', async () => {
  const { own, second, page, hub, token, done } = await two()
  await done(own().add(1))
  await done(second().add(10))
  page.drop()
  await hub.modifyState(token, d, (s) => void s.names.push('meanwhile'))
  const before = page.wire.received.length
  await page.reconnect()
  expect(page.wire.received.slice(before).map(([name, number]) => [name, number])).toEqual([
    ['hi', expect.any(String)],
    ['r', 0],
    ['r', 1],
  ])
  expect([own().n, second().n, second().names]).toEqual([1, 10, ['meanwhile']])
})

it('goes on in one where it cannot in the other: what is of another birth is shown as a whole', async () => {
  const { own, second, page, hub, token, done, clock } = await two()
  await done(own().add(1))
  await done(second().add(10))
  page.drop()
  await hub.forgottenTabs.forget(token)
  hub.addresses.set('board', () => 'e'.repeat(32))
  await clock.advance(100)
  const before = page.wire.received.length
  await page.reconnect()
  expect(page.wire.received.slice(before).map(([name, number]) => [name, number])).toEqual([
    ['hi', expect.any(String)],
    ['r', 0],
    ['w', 1],
  ])
  expect([own().n, second().n]).toEqual([1, 0])
  expect(shownOf(page.tab.mirror.getState(), 1).lost).toBe(true)
  expect(shownOf(page.tab.mirror.getState()).lost).toBe(false)
})

it('sends each call again after a crash, once in effect, in the order of its state', async () => {
  const { own, second, page, crash, done, clock } = await two()
  await done(own().add(1))
  page.drop()
  const calls = [1, 2, 3, 4].map((n) => (n % 2 ? own() : second()).hope(`${n}`))
  expect([own().names, second().names]).toEqual([
    ['1', '3'],
    ['2', '4'],
  ])
  crash()
  await page.reconnect()
  await done(Promise.all(calls))
  page.drop()
  await page.reconnect()
  await clock.advance(100)
  expect([own().names, second().names]).toEqual([
    ['1', '3'],
    ['2', '4'],
  ])
})

it('that is refused says so, fails its calls by name, and leaves the other alone, over new connections as well', async () => {
  const { page, own, done, clock } = await two()
  const nobody = page.tab.open('nowhere')
  const waits = nobody.call('d', 'add', [1])
  await expect(done(waits)).rejects.toMatchObject({ code: 'unknown-address' })
  await expect(done(nobody.call('d', 'add', [1]))).rejects.toMatchObject({ code: 'unknown-address' })
  await done(own().add(1))
  page.drop()
  await page.reconnect()
  await clock.settle()
  expect([page.connection, own().n, page.reports.length]).toEqual(['live', 1, 1])
})

it('that is closed is sent nothing further, and its number is not used again', async () => {
  const { page, other, hub, token, second, done, clock } = await two()
  await done(second().add(1))
  page.tab.close(other)
  await clock.settle()
  expect(hub.instance(token).watchers.size).toBe(1)
  const before = page.wire.received.length
  await hub.modifyState(token, d, (s) => void (s.n = 5))
  await clock.advance(100)
  expect(page.wire.received.length).toBe(before)
  expect(page.tab.open('board').number).toBe(2)
  await clock.settle()
  expect(hub.instance(token).watchers.size).toBe(2)
})

it('to the state that the page has already is refused', async () => {
  const { page, clock, hub } = await two()
  hub.addresses.set('again', () => page.token)
  page.tab.open('again')
  await clock.settle()
  expect(page.reports).toEqual([expect.stringContaining('already')])
  expect(page.connection).toBe('live')
})

it('whose messages do not fit asks for the whole of that one', async () => {
  const { page, own, second, hub, token, clock, done } = await two()
  await done(own().add(1))
  await clock.advance(2_000)
  page.wire.alterDown = (name, args) =>
    name === 'd'
      ? [(args as unknown[][]).map(([s, from, ...more]) => [s, s === 1 ? Number(from) + 5 : from, ...more])]
      : [args]
  await hub.modifyState(token, d, (s) => void (s.n = 7))
  await clock.advance(20)
  page.wire.alterDown = undefined
  const before = page.wire.received.length
  await clock.advance(2_000)
  const welcomes = page.wire.received.slice(before - 2).filter(([name]) => name === 'w')
  expect(welcomes.map(([, number]) => number)).toEqual([1])
  expect([own().n, second().n]).toEqual([1, 7])
})

it('numbers that the page never opened are refused, and those that have ended are not heard', async () => {
  const { page, other, clock, own, done } = await two()
  page.wire.send('call', 7, 1, 'd', 'add')
  page.wire.send('open', 1, 'board', [])
  page.wire.send('open', 0, 'board', [])
  page.wire.send('close', 0)
  page.wire.send('heard', 2 ** 50)
  page.wire.send('call', 0, 99, 'd', 'add', [], 3)
  await clock.settle()
  expect(page.reports).toHaveLength(5)
  page.tab.close(other)
  await clock.settle()
  page.wire.send('call', 1, 100, 'd', 'add', [1])
  page.wire.send('resync', 1)
  page.wire.send('close', 1)
  await clock.settle()
  expect(page.reports).toHaveLength(5)
  await done(own().add(1))
  expect(own().n).toBe(1)
})

it('whose state cannot be loaded when the page comes back is loaded later, and the other goes on meanwhile', async () => {
  const memory = memoryStore()
  let fails: string | undefined
  const load = async (token: string) => {
    if (token === fails) throw new Error('out of reach')
    return memory.load(token)
  }
  const { page, own, second, crash, token, done, clock } = await two({ store: { ...memory, load } })
  await done(second().add(10))
  page.drop()
  crash()
  fails = token
  await page.reconnect()
  const waits = second().add(1)
  await done(own().add(1))
  await clock.advance(10_000)
  await done(own().add(1))
  expect([own().n, second().n, page.wire.received.filter(([name]) => name === 'hi').length]).toEqual([2, 10, 2])
  fails = undefined
  await clock.advance(10_000)
  await done(waits)
  expect(second().n).toBe(11)
})

it('is open as long as one of those that opened it uses it', async () => {
  const { page, other, second, own, done, clock } = await two()
  const again = page.tab.open('board')
  expect(again).toBe(other)
  page.tab.close(again)
  await done(second().add(1))
  page.tab.close(other)
  await expect(done(second().add(1))).rejects.toMatchObject({ code: 'offline' })
  await done(own().add(1))
  await clock.settle()
  expect(page.reports).toEqual([])
})

it('past the most that a page may have is refused by the page itself, also for the hello', async () => {
  const { page, own, hub, done, clock } = await two()
  for (let at = 0; at < 20; at += 1) hub.addresses.set(`at ${at}`, () => `${at}`.padStart(32, '0'))
  page.drop()
  const opened = Array.from({ length: 20 }, (_, at) => page.tab.open(`at ${at}`))
  await page.reconnect()
  await clock.settle()
  expect(opened.filter(({ isLive }) => isLive)).toHaveLength(14)
  await expect(done(opened.at(-1)?.call('d', 'add', [1]) as Promise<void>)).rejects.toMatchObject({
    code: 'too-many-states',
  })
  page.drop()
  await page.reconnect()
  await done(own().add(1))
  expect([page.connection, page.reports.length]).toEqual(['live', 6])
  page.tab.close(opened[0] as never)
  page.tab.close(opened.at(-1) as never)
  expect(page.tab.open('at 19').refusal).toBeUndefined()
})

it('shows, in each, what an edited definition makes of it, and goes on', async () => {
  const { own, second, hub, done, clock } = await two()
  await done(own().add(1))
  await done(second().add(10))
  const edited = defineState('d', () => ({ n: 0, names: ['first'] })).events((on) => ({
    add: on((s, by: number) => {
      s.n += 100 * by
    }),
  }))
  hub.registry.replace([{ source: 'd.state.ts', exports: { d: edited } }])
  await clock.advance(100)
  await done(second().add(1))
  await done(own().add(2))
  expect([own().n, second().n]).toEqual([201, 110])
})

it('is shared by a duplicate of the tab, which has a copy of the state of the tab alone', async () => {
  const { page, own, second, hub, done, clock } = await two()
  await done(own().add(1))
  await done(second().add(10))
  const copy = new TestTab(hub, clock, page.browser, page.signedToken, true)
  const handle = new StateHandle(d, copy.tab.open('board'))
  copy.state(d)
  copy.connect()
  await clock.settle()
  const board = () => handle.snapshot(copy.tab.mirror.getState()) as ReturnType<typeof own>
  await done(board().add(5))
  await done(copy.state(d).add(1))
  await clock.advance(50)
  expect([own().n, copy.state(d).n]).toEqual([1, 2])
  expect([second().n, board().n]).toEqual([15, 15])
})
