import { describe, expect, it } from 'vitest'
import { defineState, Refusal, type Self } from '../doors/authors.js'
import { memoryStore } from '../doors/server.js'
import type { StateStore } from '../store/store.js'
import { done, gate } from '../testing/await.fixture.js'
import { testHub } from '../testing/kit.js'

interface Fields {
  n: number
}
type Work = (self: Self<Fields>) => Promise<unknown>
let work: Work = async () => {}
let generate: (self: Self<Fields>) => AsyncGenerator<unknown, void, undefined> = async function* () {}

const d = defineState('d', (): Fields => ({ n: 0 }))
  .tasks((background) => ({
    run: background(async (self) => (await work(self)) as undefined),
    steps: background((self) => generate(self) as AsyncGenerator<undefined, void, undefined>),
    second: background({ concurrency: 'single' }, ({ sleep }) => sleep(1000)),
  }))
  .events((on, { second }) => ({
    add: on((s, by: number) => {
      s.n += by
    }),
    slow: on(async (s) => {
      await wait.opened
      s.n += 1000
    }),
    startSecond: on(() => second()),
  }))
let wait = gate()

async function open(store?: StateStore) {
  wait = gate()
  const kit = testHub([d], store ? { store } : {})
  const tab = await kit.open()
  const state = await tab.watch(d)
  const start = async (given: Work, ms = 50) => {
    work = given
    void state.run.start()
    await kit.clock.advance(ms)
    return tab.state(d)
  }
  /** Cancels, lets the grace pass, and says what the state is when the cancel has resolved. */
  const cancel = async () => {
    let n = -1
    const cancelled = state.run.cancel().then(() => {
      n = tab.state(d).n
    })
    await kit.clock.advance(3000)
    await cancelled
    return n
  }
  return { ...kit, tab, state, start, cancel, d: () => tab.state(d) }
}

/** What a function waits for that ignores its signal: no clock of ours moves it. */
let stubborn = gate()

describe('the outcome', () => {
  const outcome = async (given: Work, ms?: number) => {
    const { start, ...rest } = await open()
    const { run } = await start(given, ms)
    return { ...rest, start, first: run.outcome, now: () => rest.d().run }
  }

  it('is none before a run and while one runs, then says how the last one ended', async () => {
    const { first, d, cancel, start, clock, now } = await outcome(({ sleep }) => sleep(1000))
    expect([d().second.outcome, first]).toEqual([null, null])
    await cancel()
    expect(now()).toMatchObject({ running: 0, outcome: 'cancelled', error: null })
    expect((await start(async () => {})).run).toMatchObject({ running: 0, outcome: 'done', error: null })
    const fail = () => Promise.reject(new Refusal('no'))
    expect((await start(fail)).run).toMatchObject({ running: 0, outcome: 'failed', error: { message: 'no' } })
    await start(({ sleep }) => sleep(100))
    expect(now()).toMatchObject({ running: 1, outcome: null, error: null })
    await clock.advance(100)
    expect(now().outcome).toBe('done')
  })

  it('is cancelled at once, and a function that ends later changes nothing about that of a newer run', async () => {
    const wait = gate()
    const { state, clock, start, now } = await outcome(() => wait.opened)
    const cancelled = state.run.cancel()
    await clock.advance(50)
    expect(now()).toMatchObject({ running: 0, outcome: 'cancelled' })
    await start(async () => {})
    wait.open()
    await clock.advance(3000)
    await cancelled
    expect(now()).toMatchObject({ running: 0, outcome: 'done' })
  })

  it('of copies that ended after one had failed is still that', async () => {
    const { start, now, clock } = await outcome(({ sleep }) => sleep(1000))
    await start(() => Promise.reject(new Refusal('no')))
    expect(now()).toMatchObject({ running: 1, outcome: 'failed' })
    await clock.advance(1000)
    expect(now()).toMatchObject({ running: 0, outcome: 'failed', error: { message: 'no' } })
  })
})

describe('after cancel() has resolved', () => {
  const cases: [string, (self: Self<Fields>) => Promise<void>][] = [
    [
      'while it sleeps',
      async (self) => {
        await self.update((s) => (s.n += 1))
        await self.sleep(1000).catch(() => {})
        await self.update((s) => (s.n += 1)).catch(() => {})
      },
    ],
    [
      'inside a held block',
      async (self) => {
        await self.update((s) => (s.n += 1))
        await using held = await self.lock()
        held.state.n += 1
        await self.sleep(1000)
      },
    ],
    [
      'inside a held block, catching what sleep throws',
      async (self) => {
        await self.update((s) => (s.n += 1))
        await using held = await self.lock()
        held.state.n += 1
        await self.sleep(1000).catch(() => {})
      },
    ],
    [
      'inside an update that waits',
      async (self) => {
        await self.update((s) => (s.n += 1))
        await self.update(async (s) => {
          s.n += 1
          await self.sleep(1000).catch(() => {})
        })
      },
    ],
    [
      'when it ignores its signal',
      async (self) => {
        await self.update((s) => (s.n += 1))
        await stubborn.opened
        for (let index = 0; index < 3; index += 1) await self.update((s) => (s.n += 1)).catch(() => {})
        await self.lock().catch(() => {})
      },
    ],
    [
      'when it ignores its signal inside a held block',
      async (self) => {
        await self.update((s) => (s.n += 1))
        await using held = await self.lock()
        const s = held.state
        s.n += 1
        await stubborn.opened
        try {
          s.n += 1
        } catch {}
      },
    ],
    [
      'when it ignores its signal inside an update',
      async (self) => {
        await self.update((s) => (s.n += 1))
        await self
          .update(async (s) => {
            s.n += 1
            await stubborn.opened
            s.n += 1
          })
          .catch(() => {})
      },
    ],
  ]
  it.each(cases)('a task that is cancelled %s writes nothing more', async (_, given) => {
    stubborn = gate()
    const { start, cancel, clock, d, hub, log, state } = await open()
    await start(given)
    expect(d().run.running).toBe(1)
    expect(await cancel()).toBe(1)
    expect(d().run).toMatchObject({ running: 0, error: null })
    stubborn.open()
    await clock.advance(2000)
    expect(d().n).toBe(1)
    expect(hub.backgroundTasks.size).toBe(0)
    expect(hub.locks.held).toBe(0)
    expect(log.lines).toEqual([])
    await done(clock, state.add(1))
    expect(d().n).toBe(2)
  })

  it('a task that waited for the lock has not got it', async () => {
    const { start, clock, d: now, state, hub, tab } = await open()
    const held = hub.modifyState(tab.token, d, async (s) => {
      await wait.opened
      s.n += 1000
    })
    await start(async (self) => {
      await Promise.allSettled([self.update((s) => (s.n += 1)), self.lock()])
    })
    await done(clock, state.run.cancel())
    wait.open()
    await held
    await clock.advance(100)
    expect(now()).toMatchObject({ n: 1000, run: { running: 0, error: null } })
    expect(hub.locks.held).toBe(0)
  })

  it('a change that was on its way to the store is there, and shown', async () => {
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
    const { start, clock, d, state, tab } = await open(store)
    saving = gate()
    await start(async (self) => {
      void self.update((s) => (s.n += 1)).catch(() => {})
      await self.sleep(10_000)
    })
    let resolved = -1
    const cancelled = state.run.cancel().then(async () => {
      const stored = await store.load(tab.token)
      resolved = (stored?.state.d as { n: number } | undefined)?.n ?? -2
    })
    await clock.advance(50)
    expect(resolved).toBe(-1)
    saving.open()
    await clock.advance(50)
    await cancelled
    expect(resolved).toBe(1)
    expect(d().n).toBe(1)
  })

  it('a yield that was on its way to the store is the base of the next change', async () => {
    const kept = memoryStore()
    let saving = gate()
    saving.open()
    const save: StateStore['save'] = async (token, next) => {
      await saving.opened
      return kept.save(token, next)
    }
    const { clock, d: now, state, tab, hub } = await open({ ...kept, save })
    saving = gate()
    generate = async function* (self) {
      await using held = await self.lock()
      held.state.n += 1
      yield
      await self.sleep(10_000)
    }
    void state.steps.start()
    await clock.advance(20)
    const cancelled = state.steps.cancel()
    const next = hub.modifyState(tab.token, d, (s) => (s.n += 10))
    await clock.advance(20)
    saving.open()
    await clock.advance(20)
    await cancelled
    expect(await next).toBe(11)
    expect(now()).toMatchObject({ n: 11, steps: { running: 0, error: null } })
  })

  it('the triggers of the task start nothing any more', async () => {
    const { add } = d.triggers
    const { start, cancel, d: now, state, clock } = await open()
    await start(async (self) => {
      await self.sleep(1000).catch(() => {})
      return add(5)
    })
    expect(await cancel()).toBe(0)
    generate = async function* (self) {
      await self.sleep(1000).catch(() => {})
      yield add(5)
    }
    void state.steps.start()
    await clock.advance(10)
    const cancelled = state.steps.cancel()
    await clock.advance(3000)
    await cancelled
    expect(now()).toMatchObject({ n: 0, steps: { running: 0, error: null } })
  })

  it('its signal is aborted, and sleep, update, lock and progress reject or throw', async () => {
    const { start, cancel } = await open()
    const codes: unknown[] = []
    let reason: unknown
    await start(async (self) => {
      await self.sleep(1000).catch((error) => codes.push(error.code))
      reason = self.signal.reason
      await self.update(() => {}).catch((error) => codes.push(error.code))
      await self.lock().catch((error) => codes.push(error.code))
      await self.sleep(1).catch((error) => codes.push(error.code))
      try {
        self.progress(0.5)
      } catch (error) {
        codes.push((error as { code: string }).code)
      }
    })
    await cancel()
    expect(codes).toEqual(Array(5).fill('task-cancelled'))
    expect(reason).toMatchObject({ code: 'task-cancelled' })
  })
})

describe('cancel', () => {
  it('lets others have the lock at once, also when the block ignores its signal', async () => {
    const { start, clock, state, d } = await open()
    const never = gate()
    await start(async (self) => {
      await using held = await self.lock()
      held.state.n += 1
      await never.opened
    })
    const cancelled = state.run.cancel()
    const added = state.add(10)
    await clock.advance(10)
    await added
    expect(d().n).toBe(10)
    never.open()
    await clock.advance(3000)
    await cancelled
    expect(d().n).toBe(10)
  })

  it('ends every copy, and those of no other task and no other tab', async () => {
    const { start, d: now, hub, open: openTab, state, clock } = await open()
    const stranger = await (await openTab()).watch(d)
    for (let index = 0; index < 3; index += 1) await start(({ sleep }) => sleep(60_000), 10)
    await done(clock, state.startSecond())
    await done(clock, stranger.run.start())
    expect(hub.backgroundTasks.size).toBe(5)
    await done(clock, state.run.cancel())
    await clock.advance(20)
    expect(now()).toMatchObject({ run: { running: 0 }, second: { running: 1 } })
    expect(hub.backgroundTasks.size).toBe(2)
  })

  it('of a task that does not run is fine', async () => {
    const { clock, state } = await open()
    await done(clock, state.run.cancel())
  })

  it('is not held up by a long event of the same tab, and does not overtake the start that it means', async () => {
    const { clock, state, d } = await open()
    work = ({ sleep }) => sleep(60_000)
    void state.slow()
    const started = state.run.start()
    const cancelled = state.run.cancel()
    await clock.advance(50)
    wait.open()
    await done(clock, started)
    await clock.advance(3000)
    await cancelled
    expect(d().run.running).toBe(0)
  })

  it('counts a cancelled copy as ended at once, so that a single task can be started again', async () => {
    const { clock, state, d } = await open()
    await done(clock, state.startSecond())
    await clock.advance(20)
    const cancelled = state.second.cancel()
    const again = state.second.start()
    await clock.advance(20)
    await Promise.all([cancelled, again])
    expect(d().second.running).toBe(1)
  })
})
