/** Many tasks: what starts, cancels and ends cost, counted in operations, and how many may run. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { HeldStateError } from '../base/errors.js'
import { promised } from '../base/eventually.js'
import { handlerLimits } from '../base/server-limits.js'
import { defineState } from '../doors/authors.js'
import { memoryStore } from '../doors/server.js'
import { TaskRuns } from '../instance/task-runs.js'
import type { StateStore } from '../store/store.js'
import { gate } from '../testing/await.fixture.js'
import { testHub } from '../testing/kit.js'
import { TaskRun } from './run.js'

let wait = gate()
let begun = 0

const d = defineState('d', () => ({ n: 0 }))
  .tasks((background) => ({
    sleeps: background(({ sleep }) => sleep(60_000)),
    ignores: background(() => wait.opened),
    single: background({ concurrency: 'single' }, () => wait.opened),
    durable: background({ durable: true }, async ({ sleep }, ms: number) => {
      begun += 1
      await sleep(ms)
    }),
  }))
  .events((on, { durable }) => ({
    startDurable: on((_, count: number) => Array.from({ length: count }, () => durable(60_000))),
    set: on((s, n: number) => {
      s.n = n
    }),
  }))

const many = { tasksPerToken: 10_000, tasksPerBrowser: 10_000, callsPerTab: 10_000 }

async function open(limits: NonNullable<Parameters<typeof testHub>[1]>['limits'] = many, store?: StateStore) {
  wait = gate()
  begun = 0
  const kit = testHub([d], { limits, ...(store && { store }) })
  const tab = await kit.open()
  const state = await tab.watch(d)
  return { ...kit, kit, tab, state, d: () => tab.state(d) }
}

const times = async <T>(count: number, act: () => Promise<T>) => Promise.allSettled(Array.from({ length: count }, act))

afterEach(() => vi.restoreAllMocks())

describe('600 starts and 300 cancels of one tab', () => {
  it('look at each run a few times', async () => {
    const { clock, state, hub } = await open()
    const looks = vi.spyOn(TaskRun.prototype, 'isRunning', 'get')
    const more = vi.spyOn(TaskRun.prototype, 'isOpen', 'get')
    const started = times(600, () => state.sleeps.start())
    await clock.settle()
    await started
    expect(hub.backgroundTasks.size).toBe(600)
    const cancelled = times(300, () => state.sleeps.cancel())
    await clock.settle()
    await cancelled
    expect(hub.backgroundTasks.size).toBe(0)
    expect(looks.mock.calls.length + more.mock.calls.length).toBeLessThan(600 * 10)
  })

  it('set one timer for the grace, and publish the cancel once', async () => {
    const { clock, state, d } = await open()
    void times(600, () => state.ignores.start())
    await clock.advance(20)
    const before = clock.running
    const published = vi.spyOn(TaskRuns.prototype, 'setStatus')
    const cancelled = times(300, () => state.ignores.cancel())
    await clock.settle()
    expect([clock.running - before, published.mock.calls.length]).toEqual([2, 1]) // and one timer for the next frame
    await clock.advance(2_000)
    expect(d().ignores).toMatchObject({ running: 0, outcome: 'cancelled' })
    expect((await cancelled).every(({ status }) => status === 'fulfilled')).toBe(true)
    expect(clock.running).toBe(before)
  })

  it('of tasks that are cancelled and do not end: the next single one is found free without a look at them', async () => {
    const { clock, state } = await open()
    const looks = vi.spyOn(TaskRun.prototype, 'isOpen', 'get')
    for (let turn = 0; turn < 100; turn += 1) {
      void state.single.start()
      await clock.settle()
      void state.single.cancel()
      await clock.settle()
    }
    expect(looks.mock.calls.length).toBeLessThan(100 * 10)
  })
})

it('a cancel that comes while another waits for the grace resolves with it', async () => {
  const { clock, state } = await open()
  const ended: number[] = []
  void state.ignores.start()
  await clock.settle()
  void state.ignores.cancel().then(() => ended.push(1))
  await clock.advance(1_500)
  void state.ignores.cancel().then(() => ended.push(2))
  await clock.advance(400)
  expect(ended).toEqual([])
  await clock.advance(200)
  expect(ended).toEqual([1, 2])
})

it('a copy that starts between two cancels is cancelled by the second', async () => {
  const { clock, state, d } = await open()
  void state.ignores.start()
  await clock.settle()
  void state.ignores.cancel()
  void state.ignores.start()
  void state.ignores.cancel()
  await clock.advance(3_000)
  expect(d().ignores).toMatchObject({ running: 0, outcome: 'cancelled' })
})

it('durable tasks that end in one turn are saved with two saves', async () => {
  const store = memoryStore()
  const { clock, state, hub } = await open(many, store)
  void state.startDurable(100)
  await clock.settle()
  expect(hub.backgroundTasks.size).toBe(100)
  const save = vi.spyOn(hub.store, 'save')
  void hub.tasks.pool.cancelAll(new HeldStateError('task-cancelled', 'over'))
  await clock.settle()
  expect(hub.backgroundTasks.size).toBe(0)
  expect(save.mock.calls.length).toBeLessThanOrEqual(2)
})

describe('a bound', () => {
  it('of a token holds for durable tasks that one event starts', async () => {
    const { clock, state, hub } = await open({ tasksPerToken: 5 })
    void state.startDurable(50)
    await clock.settle()
    expect([hub.backgroundTasks.size, begun]).toEqual([5, 5])
  })

  it('of a browser holds over its tabs, and leaves other browsers alone', async () => {
    const { clock, kit, tab, hub } = await open({ tasksPerToken: 5, tasksPerBrowser: 7 })
    const second = await kit.open(tab.browser)
    const other = await kit.open()
    const [a, b, c] = [await tab.watch(d), await second.watch(d), await other.watch(d)]
    const codes: string[] = []
    const start = (state: typeof a) => times(5, () => state.sleeps.start().catch((error) => codes.push(error.code)))
    void start(a)
    await clock.settle()
    void start(b)
    await clock.settle()
    void start(c)
    await clock.settle()
    expect([hub.backgroundTasks.size, codes]).toEqual([12, Array(3).fill('too-many-tasks')])
    void a.sleeps.cancel()
    await clock.settle()
    await kit.done(b.sleeps.start())
    expect(hub.backgroundTasks.size).toBe(8)
  })

  it('of the process keeps a tenth of its places for those with few tasks', async () => {
    const { clock, kit, state, hub } = await open({ tasksPerToken: 100, tasksPerBrowser: 100, tasksPerProcess: 40 })
    const other = await (await kit.open()).watch(d)
    void times(60, () => state.sleeps.start().catch(() => {}))
    await clock.settle()
    expect(hub.backgroundTasks.size).toBe(36)
    void times(60, () => other.sleeps.start().catch(() => {}))
    await clock.settle()
    expect(hub.backgroundTasks.size).toBe(40)
    expect(handlerLimits.tasksForMany).toBe(0.9)
  })

  it('of the process leaves no address more than a share of its second half, however many browsers it has', async () => {
    const { clock, hub } = await open({ tasksPerProcess: 100 })
    const start = async (address: string) => {
      const instance = hub.instance(clock.id())
      Object.assign(instance, { browser: clock.id(), address })
      const declaration = hub.registry.get('d').members.tasks.get('sleeps')
      const given = { token: instance.token, definition: d.id, task: 'sleeps', declaration, args: [], rawArgs: [] }
      await promised(() => hub.tasks.start(given as never, undefined))
    }
    for (let n = 0; n < 50; n += 1) await start('1.1.1.1')
    await expect(start('1.1.1.1')).rejects.toMatchObject({ code: 'too-many-tasks' })
    for (let n = 0; n < 10; n += 1) await start('2.2.2.2')
    await expect(start('2.2.2.2')).rejects.toMatchObject({ code: 'too-many-tasks' })
    await start('3.3.3.3')
    expect(hub.backgroundTasks.size).toBe(61)
  })

  it('of the process keeps durable tasks that were taken over waiting for a place', async () => {
    const store = memoryStore()
    const first = await open({ tasksPerToken: 20 }, store)
    void first.state.durable.start(1_000)
    for (let count = 1; count < 12; count += 1) void first.state.durable.start(1_000)
    await first.clock.settle()
    expect(begun).toBe(12)
    const next = testHub([d], { limits: { tasksPerProcess: 5 }, store })
    begun = 0
    await next.clock.settle()
    expect([begun, next.hub.backgroundTasks.size]).toEqual([5, 5])
    await next.clock.advance(1_100)
    expect([begun, next.hub.backgroundTasks.size]).toEqual([10, 5])
    await next.clock.advance(5_000)
    expect([begun, next.hub.backgroundTasks.size]).toEqual([12, 0])
  })
})
