import { describe, expect, it } from 'vitest'
import { defineState, Refusal } from '../doors/authors.js'
import { memoryStore } from '../store/memory.js'
import type { StateStore } from '../store/store.js'
import { testHub } from '../testing/kit.js'

interface Job {
  done: number
  attempts: number[]
  seen: unknown[]
}

const d = defineState('d', (): Job => ({ done: 0, attempts: [], seen: [] }))
  .tasks((background) => ({
    import: background(
      { durable: true, concurrency: 'single' },
      async ({ update, sleep, attempt, progress }, rows: number, when: Date) => {
        await update((s) => void (s.attempts.push(attempt), s.seen.push(when)))
        while (await update((s) => s.done < rows && ++s.done)) {
          progress(0.5, 'half')
          await sleep(100)
        }
      },
    ),
    idle: background({ durable: true }, async ({ sleep }) => sleep(1_000_000)),
    lingers: background({ durable: true, onDisconnect: 'cancel' }, async ({ sleep }) => sleep(1_000_000)),
    fails: background({ durable: true, retry: { times: 2, wait: '1s' } }, async ({ update, attempt }) => {
      await update((s) => void s.attempts.push(attempt))
      throw new Refusal(`attempt ${attempt} failed`)
    }),
    recovers: background({ retry: { times: 3, wait: '1s' } }, async ({ attempt }) => {
      if (attempt < 3) throw new Refusal('not yet')
    }),
    slow: background({ timeout: '5s', retry: 1 }, async ({ update, attempt, signal }) => {
      await update((s) => void s.attempts.push(attempt))
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    }),
    mortal: background(async ({ update, sleep }) => {
      await update((s) => void (s.done += 1))
      await sleep(1_000_000)
    }),
  }))
  .events((on, tasks) => ({
    begin: on((s, rows: number) => {
      s.done = 0
      return tasks.import(rows, new Date(7))
    }),
    stop: on((s) => {
      s.done = -1
      throw new Error('no')
    }),
    twice: on((s) => {
      s.done = 5
      return [tasks.import(9, new Date(1)), tasks.import(9, new Date(2))]
    }),
    wrong: on((s) => {
      s.done = 1
      return tasks.import(9, (() => {}) as never)
    }),
  }))

async function open(store: StateStore = memoryStore()) {
  const kit = testHub([d], { store })
  const tab = await kit.open()
  const state = await tab.watch(d)
  const crash = async (ms = 50) => {
    kit.crash()
    await tab.reconnect()
    await kit.clock.advance(ms)
  }
  return { ...kit, kit, tab, state, now: () => tab.state(d), crashed: crash }
}

describe('a durable task', () => {
  it('goes on after a crash, from what it had saved, with its arguments, as the next attempt', async () => {
    const { state, clock, now, crashed } = await open()
    void state.begin(10)
    await clock.advance(350)
    expect(now()).toMatchObject({ done: 4, import: { running: 1, progress: 0.5, note: 'half' } })
    await crashed()
    expect(now()).toMatchObject({ done: 5, import: { running: 1, error: null } })
    await clock.advance(2_000)
    expect(now()).toMatchObject({
      done: 10,
      attempts: [1, 2],
      seen: [new Date(7), new Date(7)],
      import: { running: 0, error: null },
    })
  })
  it('goes on without its tab', async () => {
    const { state, clock, now, crash, tab, kit } = await open()
    void state.begin(10)
    await clock.advance(350)
    crash()
    await clock.advance(5_000)
    await tab.reconnect()
    expect(now()).toMatchObject({ done: 10, import: { running: 0 } })
    expect(kit.hub.backgroundTasks.size).toBe(0)
  })
  it('that shall not do that is cancelled when its tab has not come back half a minute after a crash', async () => {
    const { state, clock, crash, tab, kit } = await open()
    void state.lingers.start()
    await clock.advance(10)
    crash()
    await clock.advance(29_000)
    expect(kit.hub.backgroundTasks.size).toBe(1)
    await clock.advance(2_000)
    expect(kit.hub.backgroundTasks.size).toBe(0)
    await tab.reconnect()
    expect(tab.state(d).lingers).toMatchObject({ running: 0, outcome: 'cancelled' })
  })
  it('goes on after a close in order, as often as need be', async () => {
    const kept = memoryStore()
    let { state, clock, tab, hub } = await open(kept)
    void state.begin(12)
    await clock.advance(250)
    for (let times = 0; times < 3; times += 1) {
      const closing = hub.close()
      await clock.advance(100)
      await closing
      const next = testHub([d], { store: kept }, clock)
      tab.rewire(next.hub, clock)
      hub = next.hub
      await tab.reconnect()
      await clock.advance(250)
    }
    await clock.advance(2_000)
    expect(tab.state(d)).toMatchObject({ done: 12, attempts: [1, 2, 3, 4], import: { running: 0, error: null } })
  })
  it('that had ended is not run again', async () => {
    const { state, clock, now, crashed } = await open()
    void state.begin(2)
    await clock.advance(1_000)
    await crashed(1_000)
    expect(now()).toMatchObject({ done: 2, attempts: [1], import: { running: 0, error: null } })
  })
  it('that was cancelled is not run again', async () => {
    const { state, clock, now, crashed } = await open()
    void state.begin(10)
    await clock.advance(250)
    let cancelled = false
    void state.import.cancel().then(() => {
      cancelled = true
    })
    await clock.advance(20)
    expect(cancelled).toBe(true)
    await crashed(3_000)
    expect(now()).toMatchObject({ done: 3, attempts: [1], import: { running: 0, error: null } })
  })
  it('that is started by a call runs again though it had saved nothing', async () => {
    const { state, clock, now, crashed, kit } = await open()
    void state.idle.start()
    await clock.advance(20)
    await crashed()
    expect(now()).toMatchObject({ idle: { running: 1, error: null } })
    expect(kit.hub.backgroundTasks.size).toBe(1)
  })
  it('starts with the change that brought it about, or not at all', async () => {
    let refuse = false
    const kept = memoryStore()
    const save: StateStore['save'] = (token, next) => {
      if (refuse) throw new Error('the disk is full')
      return kept.save(token, next)
    }
    const { state, clock, now, hub } = await open({ ...kept, save })
    refuse = true
    const code = state.begin(10).catch((error) => error.code)
    await clock.advance(100)
    expect(await code).toBe('save-failed')
    refuse = false
    expect(now()).toMatchObject({ done: 0, attempts: [], import: { running: 0 } })
    expect(hub.backgroundTasks.size).toBe(0)
  })
  it('of which one may run does not start twice, not even in one change', async () => {
    const { state, clock, now } = await open()
    void state.twice()
    await clock.advance(0)
    expect(now()).toMatchObject({ done: 6, seen: [new Date(1)], import: { running: 1 } })
    const again = state.import.start(1, new Date(3)).catch((error) => error.code)
    await clock.advance(10)
    expect(await again).toBe('already-running')
  })
  it('refuses arguments that cannot be kept, and starts nothing', async () => {
    const { state, clock, now, hub, log } = await open()
    await Promise.all([state.wrong(), clock.advance(20)])
    expect(now()).toMatchObject({ done: 1, import: { running: 0 } })
    expect(hub.backgroundTasks.size).toBe(0)
    expect(log.lines.join()).toMatch(/arguments\[1\]/)
  })
  it('whose processes die one after the other before it saves anything is given up', async () => {
    const { state, clock, now, crashed } = await open()
    void state.idle.start()
    await clock.advance(20)
    for (let times = 0; times < 10; times += 1) await crashed()
    expect(now()).toMatchObject({ idle: { running: 1 } })
    await crashed()
    expect(now()).toMatchObject({ idle: { running: 0, error: { code: 'interrupted', message: /stopped for good/ } } })
    await crashed()
    expect(now().idle.error?.message).toMatch(/stopped for good/)
  })
})

describe('a task that fails', () => {
  it('is tried again from the top, after a pause that doubles, and has a last word', async () => {
    const { state, clock, now, log } = await open()
    void state.fails.start()
    await clock.advance(10)
    expect(now()).toMatchObject({ attempts: [1], fails: { running: 1, error: { message: 'attempt 1 failed' } } })
    await clock.advance(1_000)
    expect(now()).toMatchObject({ attempts: [1, 2], fails: { running: 1, error: { message: 'attempt 2 failed' } } })
    await clock.advance(1_500)
    expect(now().attempts).toEqual([1, 2])
    await clock.advance(1_000)
    expect(now()).toMatchObject({ attempts: [1, 2, 3], fails: { running: 0, error: { message: 'attempt 3 failed' } } })
    expect(log.lines.filter((line) => /retrying in/.test(line))).toHaveLength(2)
    await clock.advance(60_000)
    expect(now().attempts).toEqual([1, 2, 3])
  })
  it('and succeeds at last is done, and one that is cancelled is cancelled', async () => {
    const { state, clock, now } = await open()
    void state.recovers.start()
    await clock.advance(4_000)
    expect(now().recovers).toMatchObject({ running: 0, outcome: 'done', error: null })
    void state.recovers.start()
    await clock.advance(500)
    expect(now().recovers).toMatchObject({ running: 1, error: { message: 'not yet' } })
    void state.recovers.cancel()
    await clock.advance(10)
    expect(now().recovers).toMatchObject({ running: 0, outcome: 'cancelled', error: null })
  })
  it('can be cancelled while it waits for its next attempt', async () => {
    const { state, clock, now, hub } = await open()
    void state.fails.start()
    await clock.advance(10)
    void state.fails.cancel()
    await clock.advance(60_000)
    expect(now()).toMatchObject({ attempts: [1], fails: { running: 0 } })
    expect(hub.backgroundTasks.size).toBe(0)
  })
  it('waits out its pause in the next process too, and keeps its last word', async () => {
    const { state, clock, now, crashed } = await open()
    void state.fails.start()
    await clock.advance(1_010)
    await crashed()
    expect(now()).toMatchObject({ attempts: [1, 2], fails: { running: 1 } })
    await clock.advance(2_100)
    expect(now().attempts).toEqual([1, 2, 4])
    expect(now().fails).toMatchObject({ running: 0, error: { message: 'attempt 4 failed' } })
    await crashed()
    expect(now().fails).toMatchObject({ running: 0, error: { message: 'attempt 4 failed' } })
  })
  it('for it took too long, fails with task-timeout', async () => {
    const { state, clock, now } = await open()
    void state.slow.start()
    await clock.advance(5_100)
    expect(now()).toMatchObject({ attempts: [1], slow: { running: 1, error: { code: 'task-timeout' } } })
    await clock.advance(6_100)
    expect(now()).toMatchObject({ attempts: [1, 2], slow: { running: 0, error: { code: 'task-timeout' } } })
  })
})

it('a task that is not durable is shown as interrupted, though its tab comes back much later', async () => {
  const { state, clock, tab, now, crash } = await open()
  void state.mortal.start()
  await clock.advance(50)
  crash()
  await clock.advance(60_000)
  await tab.reconnect()
  expect(now()).toMatchObject({ done: 1, mortal: { running: 0, error: { code: 'interrupted' } } })
})

describe('the name of a run', () => {
  const named = defineState('named', () => ({ runs: [] as string[] }))
    .tasks((background) => ({
      goesOn: background({ durable: true }, async ({ run, update, sleep, attempt }) => {
        await update((s) => void s.runs.push(run))
        if (attempt < 3) await sleep(1_000_000)
      }),
      fails: background({ durable: true, retry: { times: 2, wait: '1s' } }, async ({ run, update }) => {
        await update((s) => void s.runs.push(run))
        throw new Refusal('no')
      }),
      plain: background({ retry: { times: 1, wait: '1s' } }, async ({ run, update, attempt }) => {
        await update((s) => void s.runs.push(run))
        if (attempt === 1) throw new Refusal('no')
      }),
    }))
    .events((on, { goesOn }) => ({ begin: on(() => [goesOn(), goesOn()]) }))

  const openNamed = async () => {
    const kit = testHub([named])
    const tab = await kit.open()
    const state = await tab.watch(named)
    return { ...kit, kit, tab, state, runs: () => tab.state(named).runs }
  }
  /** How many attempts wrote, and under how many names. */
  const names = (runs: readonly string[]) => [runs.length, new Set(runs.filter((run) => /^\w{16,}$/.test(run))).size]

  it('stays the same in each process that goes on with it, and is the one that the hub knows', async () => {
    const { kit, tab, state, clock, done, runs } = await openNamed()
    await done(state.goesOn.start())
    await clock.advance(20)
    expect([...kit.hub.backgroundTasks].map(({ id }) => id)).toEqual(runs())
    for (let times = 0; times < 2; times += 1) {
      kit.crash()
      await tab.reconnect()
      await clock.advance(20)
    }
    expect(names(runs())).toEqual([3, 1])
    expect(tab.state(named).goesOn.outcome).toBe('done')
  })
  it.each(['fails', 'plain'] as const)('stays the same in each attempt after a failure: %s', async (task) => {
    const { state, clock, done, runs } = await openNamed()
    await done(state[task].start())
    await clock.advance(10_000)
    expect(names(runs())).toEqual([task === 'fails' ? 3 : 2, 1])
  })
  it('stays the same where a crash comes between two attempts', async () => {
    const { kit, tab, state, clock, done, runs } = await openNamed()
    await done(state.fails.start())
    await clock.advance(500)
    kit.crash()
    await tab.reconnect()
    await clock.advance(10_000)
    expect(names(runs())).toEqual([3, 1])
  })
  it('is another one for each start, also of one change and in another tab', async () => {
    const { open, state, clock, done, runs } = await openNamed()
    const other = await open()
    await done(state.begin())
    await done((await other.watch(named)).plain.start()) // two attempts
    await done(state.goesOn.start())
    await clock.advance(5_000)
    expect(names([...runs(), ...other.state(named).runs])).toEqual([5, 4])
  })
})
