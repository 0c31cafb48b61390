/** What a task gives at its end, which page gets it, and the copies that a page sees and cancels. */
import { describe, expect, it } from 'vitest'
import { handlerLimits } from '../base/server-limits.js'
import { defineState, Refusal, reply } from '../doors/authors.js'
import { openNodes } from '../hub/nodes.fixture.js'
import { memoryStore } from '../store/memory.js'
import type { StateStore } from '../store/store.js'
import { gate } from '../testing/await.fixture.js'
import { TestClock } from '../testing/clock.js'
import { testHub } from '../testing/kit.js'
import { mortalStore } from '../testing/mortal.js'

const d = defineState('d', () => ({ n: 0, attempts: 0 }))
  .tasks((background) => ({
    rows: background(async ({ update, sleep, progress }, name: string, ms: number) => {
      progress(0.5, name)
      await sleep(ms)
      return reply({ name, n: await update((s) => (s.n += 1)), at: new Date(5) })
    }),
    plain: background(async ({ sleep }, ms: number) => sleep(ms)),
    sure: background({ durable: true }, async ({ update, sleep, attempt, run }, ms = 100) => {
      await update((s) => void (s.attempts = attempt))
      await sleep(ms)
      return reply({ attempt, run })
    }),
    single: background({ concurrency: 'single' }, async ({ sleep }, name: string) => {
      await sleep(100)
      return reply(name)
    }),
    line: background({ concurrency: 'queue' }, async ({ sleep }, name: string) => {
      await sleep(100)
      return reply(name)
    }),
    refuses: background(async ({ sleep }) => {
      await sleep(50)
      throw new Refusal('The file is empty.')
    }),
    gives: background(async (_self, what: string) => {
      if (what === 'function') return reply({ run: () => 1 } as never)
      if (what === 'two') return [reply(1), reply(2)]
      if (what === 'nothing') return reply(undefined)
      return reply('x'.repeat(Number(what)))
    }),
    steps: background({ retry: { times: 1, wait: '1s' } }, async function* ({ update }) {
      await update((s) => void (s.n += 1))
      yield
      return reply('done')
    }),
  }))
  .events((on, { rows }) => ({
    begin: on(() => rows('by an event', 100)),
  }))

async function open(store: StateStore = memoryStore()) {
  const kit = testHub([d], { store })
  const tab = await kit.open()
  return { ...kit, kit, tab, state: await tab.watch(d), now: () => tab.state(d), end: endBy(kit.clock) }
}

/** How some work has ended after so many milliseconds. */
const endBy =
  (clock: TestClock) =>
  async (work: Promise<unknown>, ms = 200): Promise<unknown> => {
    const ended = work.catch((error) => error.code)
    await clock.advance(ms)
    return Promise.race([ended, Promise.resolve('waits')])
  }

const anId = expect.stringMatching(/^[0-9a-f]{32}$/)

describe('the result of a task', () => {
  it('is what run() resolves with at its end, once the page shows it', async () => {
    const { state, now, end } = await open()
    const shown: unknown[] = []
    const ran = state.rows.run('a', 100).then((ended) => {
      shown.push(now().rows.result, now().rows.outcome, now().rows.running, now().rows.runs)
      return ended
    })
    expect(await end(ran, 50)).toBe('waits')
    expect(now().rows).toMatchObject({ running: 1, result: undefined, outcome: null })
    const result = { name: 'a', n: 1, at: new Date(5) }
    expect(await end(ran)).toEqual({ run: anId, result })
    expect(shown).toEqual([result, 'done', 0, []])
  })

  it('stays with the status, while others run and when one fails', async () => {
    const { state, now, end } = await open()
    await end(state.gives.run('3'))
    expect(now().gives.result).toBe('xxx')
    await end(state.gives.run('two'))
    expect(now().gives).toMatchObject({ outcome: 'failed', result: 'xxx' })
    await end(state.gives.run('nothing'))
    expect(now().gives).toMatchObject({ outcome: 'done', result: undefined })
  })

  it('is one for each run, and each caller gets that of its own', async () => {
    const { state, end } = await open()
    const names = Array.from({ length: 100 }, (_, index) => `file ${index}`)
    const ran = Promise.all(names.map((name) => state.rows.run(name, 100)))
    const ended = (await end(ran)) as Awaited<typeof ran>
    expect(ended.map(({ result }) => result.name)).toEqual(names)
    expect(new Set(ended.map(({ run }) => run)).size).toBe(100)
  })

  it('is nothing where a task replies nothing', async () => {
    const { state, now, end } = await open()
    expect(await end(state.plain.run(50))).toEqual({ run: anId, result: undefined })
    expect(now().plain).toMatchObject({ outcome: 'done', result: undefined })
  })

  it('comes from a generator, and after a failure from the attempt that ends well', async () => {
    const { state, end } = await open()
    expect(await end(state.steps.run())).toMatchObject({ result: 'done' })
  })

  it('of a run that failed is its failure, and of one that was cancelled that', async () => {
    const { state, end } = await open()
    const failed = state.refuses.run().catch(({ code, message }) => ({ code, message }))
    expect(await end(failed)).toEqual({ code: 'task-failed', message: 'The file is empty.' })
    const ran = state.rows.run('a', 1_000).catch(({ code, message }) => ({ code, message }))
    await end(state.rows.cancel())
    expect(await end(ran)).toEqual({ code: 'task-cancelled', message: 'Task "rows" was cancelled.' })
  })

  it.each([
    ['two', 'invalid-reply', 'Task "gives" of state "d" returned two replies'],
    ['16383', 'invalid-reply', 'Task "gives" of state "d" replied with 16385 bytes'],
    ['function', 'invalid-value', 'Task "gives" of state "d": '],
  ])('that cannot be sent fails the task by name: %s', async (what, code, says) => {
    const { state, now, end } = await open()
    const failed = state.gives.run(what).catch((error) => error)
    expect(await end(failed)).toMatchObject({ code, message: expect.stringContaining(says) })
    expect(now().gives).toMatchObject({ outcome: 'failed', error: { code }, result: undefined })
    expect(await end(state.gives.run('16382'))).toMatchObject({ result: 'x'.repeat(16_382) })
  })
})

describe('a page that waits for a result', () => {
  it('gets it over a lost connection, also if the run has ended meanwhile', async () => {
    const { state, tab, end } = await open()
    const [first, second] = [state.rows.run('a', 100), state.rows.run('b', 1_000)]
    await end(Promise.resolve(), 50)
    tab.drop()
    await end(Promise.resolve(), 500)
    await tab.reconnect()
    expect(await end(first, 20)).toMatchObject({ result: { name: 'a' } })
    expect(await end(second, 20)).toBe('waits')
    expect(await end(second, 1_000)).toMatchObject({ result: { name: 'b' } })
  })

  it('gets that of a durable task over a crash, from the attempt that has ended', async () => {
    const { state, tab, crash, now, end } = await open()
    const ran = state.sure.run()
    await end(Promise.resolve(), 50)
    crash()
    await tab.reconnect()
    const ended = (await end(ran, 500)) as Awaited<typeof ran>
    expect(ended).toEqual({ run: ended.run, result: { attempt: 2, run: ended.run } })
    crash()
    await tab.reconnect()
    expect(now().sure).toMatchObject({ outcome: 'done', result: ended.result, runs: [] })
    expect(await end(now().sure.wait(ended.run))).toEqual(ended)
  })

  it('hears that the server ended with the run', async () => {
    const { state, tab, crash, end, now } = await open()
    const [saved, unsaved] = [state.rows.run('a', 10_000), state.plain.run(10_000)]
    const failures = Promise.allSettled([saved, unsaved])
    await end(Promise.resolve(), 50)
    await end(state.sure.run()) // saves the list of runs
    crash()
    await tab.reconnect()
    expect(await end(failures)).toMatchObject([
      { reason: { code: 'interrupted' } },
      { reason: { code: 'interrupted' } },
    ])
    expect(now().rows.outcome).toBe('failed')
  })

  it('hears that nothing is known of a run that was never saved', async () => {
    const { state, tab, crash, end } = await open()
    const ran = state.plain.run(10_000).catch(({ code }) => code)
    await end(Promise.resolve(), 50)
    crash()
    await tab.reconnect()
    expect(await end(ran)).toBe('unknown-run')
  })

  it('is followed after a reload by one that waits for the same run', async () => {
    const { state, tab, kit, end } = await open()
    const { run } = (await end(state.rows.start('a', 500), 10)) as { run: string }
    tab.close()
    const next = await kit.open(tab.browser)
    expect(next.token).not.toBe(tab.token) // a new tab: it is another state
    const reloaded = new (tab.constructor as new (...given: unknown[]) => typeof tab)(
      kit.hub,
      kit.clock,
      tab.browser,
      tab.signedToken,
    )
    reloaded.connect()
    const now = await reloaded.watch(d)
    expect(now.rows.runs).toMatchObject([{ run, note: 'a' }])
    expect(await end(now.rows.wait(run), 600)).toMatchObject({ run, result: { name: 'a' } })
    expect(reloaded.state(d).rows.result).toMatchObject({ name: 'a' })
  })

  it('has no change that waits, and keeps nothing for the page after it', async () => {
    const { state, tab, end } = await open()
    void state.rows.run('a', 10_000).catch(() => {})
    await end(Promise.resolve(), 50)
    tab.drop()
    expect(tab.tab.mirror.getState().unsettled).toBe(0)
    await end(Promise.resolve(), 100)
    tab.tab.kept.save()
    expect(tab.stored).toBeUndefined()
    const waits = Array.from({ length: 100 }, () => state.rows.wait('0'.repeat(32)).catch(({ code }) => code))
    const changed = end(state.begin(), 100)
    await tab.reconnect()
    expect(await changed).toBeUndefined()
    expect(new Set(await Promise.all(waits))).toEqual(new Set(['unknown-run']))
  })

  it("is refused a run that is none, that is another task's, or that is no text", async () => {
    const { state, end } = await open()
    const { run } = (await end(state.rows.run('a', 10))) as { run: string }
    expect(await end(state.rows.wait('none'))).toBe('unknown-run')
    expect(await end(state.plain.wait(run))).toBe('unknown-run')
    expect(await end(state.rows.wait(undefined as never))).toBe('invalid-arguments')
    expect(await end(state.rows.cancel(5 as never))).toBe('invalid-arguments')
  })

  it('hears of a run that ended long ago that nothing is known of it; the last result stays', async () => {
    const { state, now, end } = await open()
    const { run } = (await end(state.rows.run('first', 10))) as { run: string }
    const last = (await end(state.rows.run('last', 10))) as { run: string }
    for (let count = 0; count < handlerLimits.rememberedRuns; count += 1) void state.plain.start(10)
    await end(Promise.resolve())
    expect(await end(state.rows.wait(run))).toBe('unknown-run')
    expect(await end(state.rows.wait(last.run))).toMatchObject({ result: { name: 'last' } })
    expect(now().rows.result).toMatchObject({ name: 'last' })
  })

  it('is answered while it reads, however large the results; what it was away for is bounded in bytes', async () => {
    const { state, tab, end } = await open()
    const large = () =>
      Array.from({ length: 10 }, () =>
        state.gives.run('16000').then(
          ({ result }) => String(result).length,
          ({ code }) => code,
        ),
      )
    expect(await end(Promise.all(large()))).toEqual(Array.from({ length: 10 }, () => 16_000))
    const ran = large()
    await end(Promise.resolve(), 0)
    tab.wire.deaf = true
    await end(Promise.resolve(), 100)
    tab.drop()
    tab.wire.deaf = false
    await tab.reconnect()
    const ends = (await end(Promise.all(ran))) as unknown[]
    expect(ends.slice(-4)).toEqual(Array.from({ length: 4 }, () => 16_000))
  })
})

describe('a result is saved before it is shown', () => {
  it('and with the end of its run', async () => {
    const hold = gate()
    let holds = false
    const memory = memoryStore()
    const store = mortalStore(memory, { slow: () => (holds ? hold.opened : Promise.resolve()) })
    const { state, tab, now, end } = await open(store)
    const ran = state.sure.run()
    await end(Promise.resolve(), 50)
    holds = true
    expect(await end(ran, 100)).toBe('waits')
    expect(now().sure).toMatchObject({ running: 1, result: undefined })
    const cancelled = end(now().sure.cancel(), 500) // too late: its end is on its way
    hold.open()
    expect(await cancelled).toBeUndefined()
    expect(await end(ran)).toMatchObject({ result: { attempt: 1 } })
    expect(now().sure).toMatchObject({ running: 0, outcome: 'done' })
    const stored = await memory.read(tab.token)
    expect(stored?.running).toEqual([])
    expect(stored?.runEnds).toMatchObject([{ task: 'sure', outcome: 'done', result: { attempt: 1 } }])
  })

  it('so a run whose result cannot be saved has failed', async () => {
    let fails = false
    const store = mortalStore(memoryStore(), {
      slow: async () => {},
      fails: () => {
        if (fails) throw new Error('the disk is full')
      },
    })
    const { state, now, end } = await open(store)
    await end(state.begin())
    const ran = state.gives.run('5')
    fails = true
    expect(await end(ran)).toBe('save-failed')
    fails = false
    expect(now().gives).toMatchObject({ outcome: 'failed', error: { code: 'save-failed' }, result: undefined })
  })
})

describe('the copies of a task', () => {
  it('are listed with what each has reported, the oldest first', async () => {
    const { state, now, clock, end } = await open()
    const started: string[] = []
    for (const name of ['a', 'b', 'c']) {
      started.push(((await end(state.rows.start(name, 1_000), 30)) as { run: string }).run)
    }
    expect(now().rows.runs).toEqual(
      ['a', 'b', 'c'].map((note, index) => ({
        run: started[index],
        started: expect.any(Number),
        attempt: 1,
        progress: 0.5,
        note,
      })),
    )
    const [first] = now().rows.runs
    expect(clock.now() - (first?.started ?? 0)).toBeLessThan(100)
    await clock.advance(2_000)
    expect(now().rows.runs).toEqual([])
  })

  it('are cancelled one by one', async () => {
    const { state, now, end } = await open()
    const [a, b] = [state.rows.run('a', 500).catch(({ code }) => code), state.rows.run('b', 500)]
    await end(Promise.resolve(), 20)
    const run = now().rows.runs.find(({ note }) => note === 'a')?.run as string
    expect(await end(state.rows.cancel(run), 50)).toBeUndefined()
    expect(now().rows).toMatchObject({ running: 1, runs: [{ note: 'b' }] })
    expect(await end(a, 50)).toBe('task-cancelled')
    expect(await end(b, 500)).toMatchObject({ result: { name: 'b' } })
    expect(await end(state.rows.cancel(run))).toBeUndefined() // it writes nothing more, as was asked for
    expect(await end(state.rows.cancel('none'))).toBe('unknown-run')
    expect(await end(state.plain.cancel(run))).toBe('unknown-run')
  })

  it('of a queue are listed while they wait, and taken out one by one', async () => {
    const { state, now, end } = await open()
    const ran = Promise.allSettled(['a', 'b', 'c'].map((name) => state.line.run(name)))
    await end(Promise.resolve(), 20)
    expect(now().line).toMatchObject({ running: 1, waiting: 2 })
    expect(now().line.runs.map(({ started }) => started !== null)).toEqual([true, false, false])
    expect(await end(state.line.cancel(now().line.runs[1]?.run as string), 10)).toBeUndefined()
    expect(now().line).toMatchObject({ running: 1, waiting: 1 })
    const ends = await end(ran, 500)
    expect(ends).toMatchObject([
      { value: { result: 'a' } },
      { reason: { code: 'task-cancelled' } },
      { value: { result: 'c' } },
    ])
  })

  it("that a start joins are the caller's as well", async () => {
    const { state, end } = await open()
    const [one, two] = [state.single.run('a'), state.single.run('a')]
    const ended = (await end(Promise.all([one, two]))) as { run: string; result: string }[]
    expect(ended).toEqual([{ run: anId, result: 'a' }, ended[0]])
  })
})

describe('over several processes', () => {
  it('a page elsewhere gets the result, sees the copy, and cancels it', async () => {
    const clock = new TestClock()
    const { b, state, now, move, end } = await openNodes(clock, d)
    const [ran, other] = [state.rows.run('a', 500), state.rows.run('b', 5_000).catch(({ code }) => code)]
    await clock.advance(100)
    await move(b)
    await clock.advance(300)
    expect(now().rows).toMatchObject({ running: 2, runs: [{ note: 'a' }, { attempt: 1 }] })
    expect(await end(ran, 600)).toMatchObject({ value: { result: { name: 'a' } } })
    expect(now().rows).toMatchObject({ running: 1, result: { name: 'a' } })
    expect(await end(state.rows.cancel(now().rows.runs[0]?.run as string), 500)).toEqual({ value: undefined })
    expect(await end(other, 100)).toEqual({ value: 'task-cancelled' })
    expect(now().rows).toMatchObject({ running: 0, runs: [], outcome: 'cancelled' })
    expect(await end(now().rows.cancel('none'))).toEqual({ error: 'unknown-run' })
  })

  it('a durable run goes on where its process died, and its result comes from there', async () => {
    const clock = new TestClock()
    const { a, b, state, move, end, now } = await openNodes(clock, d)
    const ran = state.sure.run(2_500)
    await clock.advance(50)
    a.kill()
    await move(b)
    expect(await end(ran, 8_000)).toMatchObject({ value: { result: { attempt: 2 } } })
    expect(now().sure.result).toMatchObject({ attempt: 2 })
  })
})
