/** Starts of a task with `concurrency: 'queue'`: they wait in order, and are seen, cancelled, kept and bounded. */
import { describe, expect, it } from 'vitest'
import { defineState, Refusal } from '../doors/authors.js'
import type { HubOptions } from '../hub/options.js'
import { memoryStore } from '../store/memory.js'
import { done, failure, gate } from '../testing/await.fixture.js'
import { testHub } from '../testing/kit.js'

let late = gate()
const jobs = (durable: boolean, more: object = {}) =>
  defineState('d', () => ({ log: [] as string[], n: 0 }))
    .tasks((background) => ({
      load: background({ concurrency: 'queue', durable, ...more }, async ({ update, sleep, attempt }, name: string) => {
        await update((s) => void s.log.push(attempt > 1 ? `${name} again` : name))
        await sleep(100)
        if (name === 'fails') throw new Refusal('it fails')
        if (name === 'stuck') await late.opened
        await update((s) => void s.log.push(`${name} ended`))
      }),
      other: background({ concurrency: 'queue', durable }, async ({ sleep }) => sleep(100)),
    }))
    .events((on, { load }) => ({
      both: on((s) => {
        s.n += 1
        return [load('a'), load('b')]
      }),
      undone: on(() => {
        throw new Refusal('no')
      }),
    }))

const limits = { tasksWaiting: 3, tasksWaitingBytes: 10_000 }

describe.each([
  ['in memory alone', false],
  ['of a durable task', true],
])('a queue %s', (_, durable) => {
  const d = jobs(durable)
  const open = async (options: HubOptions = {}, definition = d) => {
    late = gate()
    const kit = testHub([definition], options)
    const tab = await kit.open()
    return { ...kit, kit, tab, state: await tab.watch(d), now: () => tab.state(d) }
  }

  it('runs one after the other, in order, and shows how many wait', async () => {
    const { clock, state, now, hub } = await open()
    await Promise.all(['a', 'b', 'c'].map((name) => done(clock, state.load.start(name))))
    expect(now().load).toMatchObject({ running: 1, waiting: 2 })
    expect(hub.backgroundTasks.size).toBe(1)
    await clock.advance(110)
    expect(now()).toMatchObject({ log: ['a', 'a ended', 'b'], load: { running: 1, waiting: 1, outcome: null } })
    await clock.advance(300)
    expect(now().log).toEqual(['a', 'a ended', 'b', 'b ended', 'c', 'c ended'])
    expect(now().load).toMatchObject({ running: 0, waiting: 0, outcome: 'done' })
  })

  it('goes on after one has failed, and knows nothing of another task or another tab', async () => {
    const { clock, state, now, kit } = await open()
    const second = await (await kit.open()).watch(d)
    for (const name of ['fails', 'b']) await done(clock, state.load.start(name))
    await done(clock, state.other.start())
    await done(clock, second.load.start('x'))
    expect([kit.hub.backgroundTasks.size, now().other.waiting]).toEqual([3, 0])
    await clock.advance(110)
    expect(now()).toMatchObject({ log: ['fails', 'b'], load: { running: 1, waiting: 0 } })
  })

  it('takes triggers in their order', async () => {
    const { clock, state, now } = await open()
    await done(clock, state.both())
    await clock.advance(20)
    expect(now()).toMatchObject({ log: ['a'], load: { running: 1, waiting: 1 } })
    await clock.advance(300)
    expect(now().log).toEqual(['a', 'a ended', 'b', 'b ended'])
  })

  it('is emptied by cancel(): what waits never begins', async () => {
    const { clock, state, now, hub } = await open()
    for (const name of ['a', 'b', 'c']) await done(clock, state.load.start(name))
    await done(clock, state.load.cancel())
    expect(now().load).toMatchObject({ running: 0, waiting: 0, outcome: 'cancelled' })
    await clock.advance(1_000)
    expect([now().log, hub.backgroundTasks.size]).toEqual([['a'], 0])
    await done(clock, state.load.start('d'))
    await clock.advance(200)
    expect(now().log).toEqual(['a', 'd', 'd ended'])
  })

  it('waits for a cancelled run to end, or to have had its time', async () => {
    const { clock, state, now } = await open()
    await done(clock, state.load.start('stuck'))
    await clock.advance(150)
    void state.load.cancel()
    await clock.advance(10)
    await done(clock, state.load.start('b'))
    expect(now().load).toMatchObject({ running: 0, waiting: 1 })
    await clock.advance(2_000)
    expect(now().log).toEqual(['stuck', 'b'])
  })

  it('is bounded by count and by bytes, of which the failure names the bound', async () => {
    const { clock, state, now } = await open({ limits })
    for (const name of ['a', 'b', 'c', 'd']) await done(clock, state.load.start(name))
    const full = await failure(clock, state.load.start('e'))
    expect(full).toMatchObject({ code: 'too-many-tasks', message: expect.stringContaining('"tasksWaiting"') })
    await clock.advance(450)
    expect(now()).toMatchObject({ load: { running: 0, waiting: 0 } })
    await done(clock, state.load.start('a'))
    await done(clock, state.load.start('x'.repeat(6_000)))
    const large = await failure(clock, state.load.start('y'.repeat(6_000)))
    expect(large).toMatchObject({ code: 'too-many-tasks', message: expect.stringContaining('"tasksWaitingBytes"') })
    await clock.advance(110)
    await done(clock, state.load.start('y'.repeat(6_000)))
  })

  it('counts as tasks of its browser and of the process', async () => {
    const { clock, state, kit } = await open({ limits: { tasksPerBrowser: 3, tasksPerProcess: 40 } })
    for (const name of ['a', 'b', 'c']) await done(clock, state.load.start(name))
    const full = await failure(clock, state.load.start('d'))
    expect(full).toMatchObject({ code: 'too-many-tasks', message: expect.stringContaining('"tasksPerBrowser"') })
    const other = await (await kit.open()).watch(d)
    await done(clock, other.load.start('x'))
  })

  it('is told apart in the page from a run that a crash has ended', async () => {
    const { clock, state, now, crash, tab } = await open()
    for (const name of ['a', 'b']) await done(clock, state.load.start(name))
    if (!durable) await done(clock, state.undone()).catch(() => {})
    crash()
    await tab.reconnect()
    await clock.advance(50)
    if (durable) expect(now()).toMatchObject({ log: ['a', 'a again'], load: { running: 1, waiting: 1, error: null } })
    else expect(now().load).toMatchObject({ running: 0, waiting: 0 })
  })

  it('starts each once, though its call is sent again', async () => {
    const { clock, state, now, tab } = await open()
    for (const name of ['a', 'b']) {
      const started = state.load.start(name)
      tab.drop()
      await tab.reconnect()
      tab.drop()
      await tab.reconnect()
      await done(clock, started)
    }
    await clock.advance(500)
    expect(now().log).toEqual(['a', 'a ended', 'b', 'b ended'])
  })

  it('lets a retry keep its place', async () => {
    const retried = jobs(durable, { retry: { times: 1, wait: '1s' } })
    const { clock, state, now } = await open({}, retried)
    for (const name of ['fails', 'b']) await done(clock, state.load.start(name))
    await clock.advance(500)
    expect(now()).toMatchObject({ log: ['fails'], load: { running: 1, waiting: 1 } })
    await clock.advance(750)
    expect(now().log).toEqual(['fails', 'fails again', 'b'])
  })

  it('goes when its tab has gone, if its author says so', async () => {
    const lonely = jobs(durable, { onDisconnect: 'cancel' })
    const { clock, state, tab, hub, now } = await open({}, lonely)
    for (const name of ['a', 'b', 'c']) await done(clock, state.load.start(name))
    tab.drop()
    await clock.advance(60_000)
    expect(hub.backgroundTasks.size).toBe(0)
    await tab.reconnect()
    expect(now()).toMatchObject({ log: ['a'], load: { running: 0, waiting: 0, outcome: 'cancelled' } })
  })

  it('ends with the state of its tab, as at a logout', async () => {
    const { clock, state, tab, hub } = await open()
    for (const name of ['a', 'b', 'c']) await done(clock, state.load.start(name))
    const { token } = tab
    const ended = hub.forgottenTabs.forget(token)
    await clock.advance(5_000)
    await ended
    expect([hub.backgroundTasks.size, hub.tasks.has(token), await hub.store.read(token)]).toEqual([0, false, undefined])
  })

  it('keeps the state of a tab that has gone until it is empty', async () => {
    const { clock, state, tab, now } = await open({ limits: { unloadMs: 10 } })
    for (const name of ['a', 'b', 'c']) await done(clock, state.load.start(name))
    tab.drop()
    await clock.advance(5_000)
    await tab.reconnect()
    expect(now().log).toHaveLength(6)
  })
})

describe('a queue of a durable task', () => {
  const d = jobs(true)
  it('survives restarts of the server, in its order, and is not lost by a close', async () => {
    const store = memoryStore()
    const first = testHub([d], { store })
    const { clock } = first
    const tab = await first.open()
    const { load } = await tab.watch(d)
    for (const name of ['a', 'b', 'c']) await done(clock, load.start(name))
    first.crash()
    await tab.reconnect()
    await clock.advance(150)
    expect(tab.state(d)).toMatchObject({ log: ['a', 'a again', 'a ended', 'b'], load: { running: 1, waiting: 1 } })
    const closing = first.hub.close()
    await clock.advance(100)
    await closing
    const next = testHub([d], { store }, clock)
    tab.rewire(next.hub, clock)
    await tab.reconnect()
    await clock.advance(500)
    expect(tab.state(d).log).toEqual(['a', 'a again', 'a ended', 'b', 'b again', 'b ended', 'c', 'c ended'])
    expect((await store.read(tab.token))?.running).toEqual([])
  })

  it('loses nothing of a start that was acknowledged just before the crash', async () => {
    const kit = testHub([d])
    const { clock } = kit
    const tab = await kit.open()
    const { load } = await tab.watch(d)
    await done(clock, load.start('a'))
    void load.start('b')
    await clock.settle()
    kit.crash()
    await clock.advance(1_000)
    await tab.reconnect()
    await clock.advance(1_000)
    expect(tab.state(d).log).toEqual(['a', 'a again', 'a ended', 'b', 'b ended'])
  })
})
