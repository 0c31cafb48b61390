/** A task that another one has started with `{ with: self }` is cancelled with it, and not otherwise. */
import { describe, expect, it } from 'vitest'
import { defineState, Refusal } from '../doors/authors.js'
import { openNodes } from '../hub/nodes.fixture.js'
import { TestClock } from '../testing/clock.js'
import { testHub } from '../testing/kit.js'

const other = defineState('other', () => ({ n: 0 })).tasks((background) => ({
  far: background(async ({ sleep }) => sleep(10_000)),
}))

const d = defineState('d', () => ({ log: [] as string[] }))
  .tasks((background) => ({
    leaf: background(async ({ update, sleep }, name: string) => {
      for (;;) {
        await update((s) => void s.log.push(name))
        await sleep(100)
      }
    }),
    sure: background({ durable: true }, async ({ sleep }) => sleep(10_000)),
    line: background({ concurrency: 'queue' }, async ({ sleep }, ms: number) => sleep(ms)),
  }))
  .tasks((background, { leaf, line, sure }) => ({
    middle: background(async function* (self) {
      yield leaf('deep', { with: self })
      await self.sleep(10_000)
    }),
    alone: background(async function* (self) {
      yield leaf('alone')
      await self.sleep(10_000)
    }),
    last: background(async (self) => leaf('last', { with: self })),
    queues: background(async function* (self) {
      yield [line(10_000, { with: self }), line(20_000, { with: self }), line(50)]
      await self.sleep(10_000)
    }),
    mortal: background(async function* (self) {
      yield sure({ with: self })
      await self.sleep(10_000)
    }),
  }))
  .tasks((background, { leaf, middle }) => ({
    top: background({ retry: { times: 1, wait: '1s' } }, async function* (self, fails: boolean) {
      yield [leaf(`with ${self.attempt}`, { with: self }), middle({ with: self }), other.triggers.far({ with: self })]
      await self.sleep(500)
      if (fails) throw new Refusal('It does not go on.')
      await self.sleep(1_000)
    }),
    keeps: background({ durable: true, onDisconnect: 'cancel' }, async function* (self) {
      yield leaf('with it', { with: self })
      await self.sleep(10_000)
    }),
  }))

async function open() {
  const kit = testHub([d, other])
  const tab = await kit.open()
  await tab.watch(other)
  const state = await tab.watch(d)
  const running = () => {
    const { leaf, middle, top, line, sure } = tab.state(d)
    const { far } = tab.state(other)
    return Object.entries({ leaf, middle, top, line, sure, far }).flatMap(([name, { running: n, waiting }]) =>
      n + waiting > 0 ? [`${name} ${n + waiting}`] : [],
    )
  }
  return { ...kit, tab, state, running, now: () => tab.state(d) }
}

describe('what a task has started with itself', () => {
  it('is cancelled with it, and what that has started in turn, before the cancel resolves', async () => {
    const { state, done, clock, running, now } = await open()
    const { run } = await done(state.top.start(false))
    await clock.advance(100)
    expect(running()).toEqual(['leaf 2', 'middle 1', 'top 1', 'far 1'])
    await done(state.top.cancel(run))
    const written = now().log.length
    await clock.advance(1_000)
    expect(running()).toEqual([])
    expect(now().log).toHaveLength(written)
    expect(now().leaf).toMatchObject({ outcome: 'cancelled', error: null })
  })

  it('goes on while the task is tried again, and is cancelled when it has failed for good', async () => {
    const { state, done, clock, running, now } = await open()
    await done(state.top.start(true))
    await clock.advance(700)
    expect(running()).toEqual(['leaf 2', 'middle 1', 'top 1', 'far 1'])
    await clock.advance(3_000)
    expect(now().top).toMatchObject({ outcome: 'failed' })
    expect(running()).toEqual([])
  })

  it('goes on when the task has ended well, also if that was at once', async () => {
    const { state, done, clock, running } = await open()
    await done(state.last.start())
    await done(state.top.start(false))
    await clock.advance(5_000)
    expect(running()).toEqual(['leaf 3', 'middle 1', 'far 1'])
  })

  it('is taken out where it waits; others go on', async () => {
    const { state, done, clock, running } = await open()
    await done(state.queues.start())
    await clock.advance(20)
    expect(running()).toEqual(['line 3'])
    await done(state.queues.cancel())
    await clock.advance(20)
    expect(running()).toEqual(['line 1'])
    await clock.advance(200)
    expect(running()).toEqual([])
  })

  it('is cancelled with a task whose tab has gone', async () => {
    const { state, done, clock, tab, running } = await open()
    await done(state.keeps.start())
    await clock.advance(50)
    expect(running()).toEqual(['leaf 1'])
    tab.drop()
    await clock.advance(60_000)
    await tab.reconnect()
    expect(running()).toEqual([])
  })

  it('is cancelled if the task was interrupted by the end of the server, though it is durable itself', async () => {
    const { state, done, clock, tab, crash, running, now } = await open()
    await done(state.mortal.start())
    await done(state.alone.start())
    await clock.advance(250)
    expect(now().sure.running).toBe(1)
    crash()
    await tab.reconnect()
    await clock.advance(1_000)
    expect(now().mortal).toMatchObject({ outcome: 'failed', error: { code: 'interrupted' } })
    expect(running()).toEqual([])
  })
})

it('what a task has started without itself outlives it', async () => {
  const { state, done, clock, running } = await open()
  await done(state.alone.start())
  await clock.advance(100)
  await done(state.alone.cancel())
  await clock.advance(500)
  expect(running()).toEqual(['leaf 1'])
})

it('is cancelled from another process, with all that it has started', async () => {
  const clock = new TestClock()
  const { b, state, now, move, end } = await openNodes(clock, d)
  await end(state.middle.start())
  await clock.advance(200)
  await move(b)
  expect(now()).toMatchObject({ middle: { running: 1 }, leaf: { running: 1 } })
  expect(await end(now().middle.cancel(), 1_000)).toEqual({ value: undefined })
  const written = now().log.length
  await clock.advance(2_000)
  expect(now()).toMatchObject({ middle: { running: 0, runs: [] }, leaf: { running: 0, runs: [] } })
  expect(now().log).toHaveLength(written)
})
