/** Starts that meet runs of other processes: they join, wait in order over all processes, or take the place of the run. */
import { describe, expect, it } from 'vitest'
import { defineState } from '../doors/authors.js'
import { openNodes } from '../hub/nodes.fixture.js'
import { gate } from '../testing/await.fixture.js'
import { TestClock } from '../testing/clock.js'

let late = gate()

const d = defineState('d', () => ({ log: [] as string[], todo: 0, done: 0 }))
  .tasks((background) => ({
    load: background({ concurrency: 'queue' }, async ({ update, sleep }, name: string) => {
      await update((s) => void s.log.push(name))
      await sleep(1_000)
      await update((s) => void s.log.push(`${name} ended`))
    }),
    sure: background({ concurrency: 'queue', durable: true }, async ({ update, sleep, attempt }, name: string) => {
      await update((s) => void s.log.push(`${name} ${attempt}`))
      await sleep(1_000)
      await update((s) => void s.log.push(`${name} ended`))
    }),
    search: background({ concurrency: 'single', again: 'restart' }, async ({ update, sleep, signal }, name: string) => {
      await update((s) => void s.log.push(name))
      await sleep(1_000)
      if (!signal.aborted) await update((s) => void s.log.push(`${name} ended`))
    }),
    step: background({ concurrency: 'single' }, async ({ update, sleep }) => {
      await update((s) => void s.log.push('begins'))
      await sleep(1_000)
      await update((s) => void s.log.push('ends'))
    }),
    wait: background({ concurrency: 'single' }, async ({ update, sleep }) => {
      await update((s) => void s.log.push('waits'))
      await sleep(1_000)
    }),
    drain: background({ concurrency: 'single' }, async ({ update }) => {
      while (await update((s) => s.todo > 0 && ++s.done && s.todo--));
      await late.opened
    }),
  }))
  .events((on, { drain, load, step, wait }) => ({
    steps: on((s) => {
      s.todo += 1
      return step()
    }),
    waits: on(() => wait()),
    add: on((s) => {
      s.todo += 1
      return drain()
    }),
    loadBoth: on(() => [load('x'), load('y')]),
    note: on((s, text: string) => {
      s.log.push(text)
    }),
  }))

let clock = new TestClock()
const open = (count = 2, limits = {}) => {
  clock = new TestClock()
  late = gate()
  return openNodes(clock, d, { count, limits })
}

describe('a queue', () => {
  it('is one over all processes: what waits at one begins when the run of the other has ended', async () => {
    const { a, b, now, move, end, state } = await open()
    await end(state.load.start('a'))
    await move(b)
    await end(state.load.start('b'))
    await move(a)
    await end(state.load.start('c'))
    expect(now().load).toMatchObject({ running: 1, waiting: 2 })
    expect([a.hub.backgroundTasks.size, b.hub.backgroundTasks.size]).toEqual([1, 0])
    await clock.advance(1_000)
    expect(now()).toMatchObject({ log: ['a', 'a ended', 'b'], load: { running: 1, waiting: 1 } })
    expect([a.hub.backgroundTasks.size, b.hub.backgroundTasks.size]).toEqual([0, 1])
    await clock.advance(3_000)
    expect(now().log).toEqual(['a', 'a ended', 'b', 'b ended', 'c', 'c ended'])
    expect(now().load).toMatchObject({ running: 0, waiting: 0, outcome: 'done' })
    expect([...a.log.lines, ...b.log.lines]).toEqual([])
  })

  it('is emptied from any process', async () => {
    const { a, b, tab, now, move, end, state } = await open()
    await end(state.load.start('a'))
    await end(state.load.start('b'))
    await move(b)
    await end(state.load.start('c'))
    expect(now().load.waiting).toBe(2)
    expect(await end(state.load.cancel(), 500)).toEqual({ value: undefined })
    await clock.advance(5_000)
    expect(now()).toMatchObject({ log: ['a'], load: { running: 0, waiting: 0, outcome: 'cancelled' } })
    expect((await b.store.read(tab.token))?.running).toEqual([])
    expect(a.hub.tasks.has(tab.token)).toBe(false)
  })

  it('goes on in its order when a process dies: durable starts with another process, others are interrupted', async () => {
    const { a, b, now, move, end, state } = await open()
    await end(state.sure.start('a'))
    await end(state.sure.start('b'))
    await end(state.load.start('x'))
    await end(state.load.start('y'))
    await move(b)
    await end(state.sure.start('c'))
    await end(state.load.start('z'))
    expect([now().sure.waiting, now().load.waiting]).toEqual([2, 2])
    a.kill()
    await clock.advance(10_000)
    expect(now().log.filter((line) => /^[abc]/.test(line))).toEqual([
      'a 1',
      'a 2',
      'a ended',
      'b 1',
      'b ended',
      'c 1',
      'c ended',
    ])
    expect(now().log.filter((line) => /^[xyz]/.test(line))).toEqual(['x', 'z', 'z ended'])
    expect([now().sure, now().load]).toMatchObject([
      { running: 0, waiting: 0, outcome: 'done' },
      { running: 0, waiting: 0, outcome: 'done' },
    ])
  })

  it('takes a call once that is sent again to another process', async () => {
    const { b, now, move, end, state, tab } = await open()
    await end(state.load.start('a'))
    const second = state.load.start('b')
    await Promise.resolve()
    tab.drop()
    await move(b)
    expect(await end(second, 500)).toEqual({ value: { run: expect.any(String) } })
    await clock.advance(5_000)
    expect(now().log).toEqual(['a', 'a ended', 'b', 'b ended'])
  })

  it('is bounded over all processes', async () => {
    const { a, b, now, move, end, state } = await open(2, { tasksWaiting: 2 })
    await end(state.load.start('a'))
    await end(state.load.start('b'))
    await move(b)
    await end(state.load.start('c'))
    expect(await end(state.load.start('d'))).toEqual({ error: 'too-many-tasks' })
    await move(a)
    expect(await end(state.load.start('d'))).toEqual({ error: 'too-many-tasks' })
    await clock.advance(5_000)
    expect(now().log).toHaveLength(6)
  })

  it('takes triggers with the change that brought them about', async () => {
    const { b, now, move, end, state } = await open()
    await end(state.load.start('a'))
    await move(b)
    await end(state.loadBoth())
    expect(now().load).toMatchObject({ running: 1, waiting: 2 })
    await clock.advance(5_000)
    expect(now().log).toEqual(['a', 'a ended', 'x', 'x ended', 'y', 'y ended'])
  })
})

describe('a single task', () => {
  it('is restarted from another process: the run there writes nothing more', async () => {
    const { a, b, now, move, end, state } = await open()
    await end(state.search.start('a'))
    await move(b)
    expect(await end(state.search.start('b'))).toEqual({ value: { run: expect.any(String) } })
    await clock.advance(3_000)
    expect(now()).toMatchObject({ log: ['a', 'b', 'b ended'], search: { running: 0, waiting: 0, outcome: 'done' } })
    expect([a.hub.backgroundTasks.size, b.hub.backgroundTasks.size]).toEqual([0, 0])
  })

  it('that has ended in another process, which could not say so yet, is started by a trigger', async () => {
    const { a, b, now, move, end, state } = await open()
    await end(state.add())
    expect([now().done, a.hub.backgroundTasks.size]).toEqual([1, 1])
    await move(b)
    await end(state.note('b has the token now'))
    const adding = state.add()
    late.open() // the run at a ends while b has the token
    expect(await end(adding)).toEqual({ value: undefined })
    await clock.advance(5_000)
    expect(now()).toMatchObject({ done: 2, todo: 0, drain: { running: 0, waiting: 0, outcome: 'done' } })
    expect([...a.log.lines, ...b.log.lines]).toEqual([])
  })

  it('that goes on in another process, and does not look at the state again, runs once more for a trigger', async () => {
    const { a, b, now, move, end, state } = await open()
    await end(state.add())
    await move(b)
    await end(state.note('b has the token now'))
    expect(await end(state.add())).toEqual({ value: undefined })
    expect(await end(state.add())).toEqual({ value: undefined })
    await clock.advance(1_000)
    expect(now()).toMatchObject({ done: 1, drain: { running: 1, waiting: 0 } }) // what may join a run is not shown as waiting
    late.open()
    await clock.advance(5_000)
    expect(now()).toMatchObject({ done: 3, todo: 0, drain: { running: 0, waiting: 0 } })
    expect([a.hub.backgroundTasks.size, b.hub.backgroundTasks.size]).toEqual([0, 0])
  })

  it('that goes on in another process is joined by a trigger if it looks at the state again', async () => {
    const { a, b, now, move, end, state, tab } = await open()
    await end(state.steps())
    await move(b)
    await end(state.note('b has the token now'))
    expect(await end(state.steps())).toEqual({ value: undefined })
    expect((await b.store.read(tab.token))?.running).toHaveLength(2)
    await clock.advance(5_000)
    expect(now().log).toEqual(['begins', 'b has the token now', 'ends'])
    expect((await b.store.read(tab.token))?.running).toEqual([])
    expect([a.hub.backgroundTasks.size, b.hub.backgroundTasks.size]).toEqual([0, 0])
  })

  it('that goes on in another process is joined by a trigger that changes nothing', async () => {
    const { b, now, move, end, state, tab } = await open()
    await end(state.waits())
    await move(b)
    expect(await end(state.waits())).toEqual({ value: undefined })
    await clock.advance(100)
    expect((await b.store.read(tab.token))?.running).toHaveLength(1)
    await clock.advance(5_000)
    expect(now().log).toEqual(['waits'])
  })
})
