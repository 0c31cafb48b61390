/** A start of a task of which one copy may run, while that copy runs or is ending. */
import { describe, expect, it } from 'vitest'
import { defineState, Refusal, type Self } from '../doors/authors.js'
import { memoryStore } from '../store/memory.js'
import type { StateStore } from '../store/store.js'
import { done, failure, gate } from '../testing/await.fixture.js'
import { testHub } from '../testing/kit.js'

interface Job {
  began: unknown[]
  ended: unknown[]
  todo: number
  done: number
}

let late = gate()
let last: (self: Self<Job>) => Promise<unknown> = async () => {}

const jobs = (durable: boolean) =>
  defineState('d', (): Job => ({ began: [], ended: [], todo: 0, done: 0 }))
    .tasks((background) => ({
      join: background({ concurrency: 'single', durable }, async ({ update, sleep }, ...args: unknown[]) => {
        await update((s) => void s.began.push(args[0]))
        await sleep(100)
        await update((s) => void s.ended.push(args[0]))
      }),
      reject: background({ concurrency: 'single', again: 'reject', durable }, async ({ update, sleep }) => {
        await update((s) => void s.began.push('reject'))
        await sleep(100)
      }),
      restart: background(
        { concurrency: 'single', again: 'restart', durable },
        async ({ update, sleep }, name: string) => {
          await update((s) => void s.began.push(name))
          await sleep(100)
          await update((s) => void s.ended.push(name))
        },
      ),
      stubborn: background(
        { concurrency: 'single', again: 'restart', durable },
        async ({ update, sleep }, name: string) => {
          await update((s) => void s.began.push(name))
          if (name === 'first') await late.opened
          else await sleep(100)
          await update((s) => void s.ended.push(name))
        },
      ),
      drain: background({ concurrency: 'single', durable }, async ({ update }) => {
        while (await update((s) => s.todo > 0 && ++s.done && s.todo--));
      }),
      looksLong: background({ concurrency: 'single', durable }, async ({ update }) => {
        const look = async (s: Job) => {
          const isLeft = s.todo > 0
          if (isLeft) s.todo -= 1
          else await late.opened // it holds the lock, and has decided to end
          if (isLeft) s.done += 1
          return isLeft
        }
        while (await update(look));
        for (let steps = 0; steps < 30; steps += 1) await Promise.resolve()
      }),
      looksAndSays: background({ concurrency: 'single', durable }, async ({ update }) => {
        const look = async (s: Job) => {
          const isLeft = s.todo > 0
          if (isLeft) s.done += s.todo
          else await late.opened
          s.ended.push(isLeft)
          s.todo = 0
          return isLeft
        }
        while (await update(look));
      }),
      slow: background({ concurrency: 'single', durable, timeout: '1s' }, async ({ update }) => {
        await update((s) => void s.began.push('slow'))
        await late.opened
      }),
      last: background({ concurrency: 'single', durable }, async (self) => void (await last(self as never))),
    }))
    .events((on, tasks) => ({
      joinTwice: on(() => [tasks.join('a'), tasks.join('a')]),
      joinOther: on(() => tasks.join('b')),
      rejectTwice: on(() => [tasks.reject(), tasks.reject()]),
      restartThrice: on(() => [tasks.restart('x'), tasks.restart('y'), tasks.restart('z')]),
      add: on((s) => {
        s.todo += 1
        return tasks.drain()
      }),
      addLong: on((s) => {
        s.todo += 1
        return tasks.looksLong()
      }),
      addSaid: on((s) => {
        s.todo += 1
        return tasks.looksAndSays()
      }),
      slowAgain: on(() => tasks.slow()),
      lastAgain: on(() => tasks.last()),
      lastChanged: on((s) => {
        s.todo += 1
        return tasks.last()
      }),
    }))

describe.each([
  ['kept in memory alone', false],
  ['durable', true],
])('a single task, %s,', (_, durable) => {
  const d = jobs(durable)
  const open = async (store: StateStore = memoryStore()) => {
    late = gate()
    const kit = testHub([d], { store })
    const tab = await kit.open()
    return { ...kit, tab, state: await tab.watch(d), now: () => tab.state(d) }
  }

  it('is joined by a start with equal arguments, which resolves as if it had started', async () => {
    const { clock, state, now, hub } = await open()
    const [first, second] = [state.join.start({ a: 1, b: new Date(5) }), state.join.start({ b: new Date(5), a: 1 })]
    await clock.settle()
    const [one, other] = await Promise.all([first, second])
    expect(one).toEqual({ run: expect.any(String) })
    expect(other).toEqual(one)
    expect([now().join.running, hub.backgroundTasks.size]).toEqual([1, 1])
    await clock.advance(300)
    expect([now().began.length, now().ended.length]).toEqual([1, 1])
    expect(now().join).toMatchObject({ running: 0, outcome: 'done', error: null })
  })

  it('refuses a start with other arguments', async () => {
    const { clock, state, now } = await open()
    await done(clock, state.join.start('a'))
    for (const args of [['b'], [], ['a', 1], [['a']], [{ a: 1 }], [null], ['undefined']])
      expect(await failure(clock, state.join.start(...args))).toMatchObject({ code: 'already-running' })
    await done(clock, state.join.start('a', undefined)) // a handler sees no difference
    await clock.advance(300)
    expect(now()).toMatchObject({ began: ['a'], ended: ['a'] })
    await done(clock, state.join.start('b'))
    expect(now().began).toEqual(['a', 'b'])
  })

  it.each([
    [new Map([['a', 1]]), new Map([['a', 2]])],
    [new Set([1, 2]), new Set([1, 3])],
    [
      [1, 2],
      [2, 1],
    ],
    [1n, 1],
    [1, '1'],
    [new Date(1), new Date(2)],
    [{ a: undefined }, { a: null }],
    [{ a: { b: 1 } }, { a: { b: 2 } }],
    ['[1]', [1]],
  ])('tells %o from %o', async (a, b) => {
    const { clock, state } = await open()
    await done(clock, state.join.start(a))
    expect(await failure(clock, state.join.start(b))).toMatchObject({ code: 'already-running' })
    await done(clock, state.join.start(structuredClone(a)))
  })

  it('is joined by a trigger with equal arguments, and says in the log which one it left out', async () => {
    const { clock, state, now, log } = await open()
    await done(clock, state.joinTwice())
    await clock.advance(10)
    expect([now().began, log.lines]).toEqual([['a'], []])
    await done(clock, state.joinOther())
    await clock.advance(300)
    expect([now().began, now().ended]).toEqual([['a'], ['a']])
    expect(log.lines).toHaveLength(1)
    expect(log.lines[0]).toMatch(/"join".*other arguments/)
  })

  it("with again: 'reject' refuses every start; a trigger is left out without a word", async () => {
    const { clock, state, now, log } = await open()
    await done(clock, state.reject.start())
    expect(await failure(clock, state.reject.start())).toMatchObject({ code: 'already-running' })
    await done(clock, state.rejectTwice())
    await clock.advance(300)
    expect([now().began, log.lines]).toEqual([['reject'], []])
  })

  it("with again: 'restart' cancels the run under way, waits for its end, and starts with the new arguments", async () => {
    const { clock, state, now, hub } = await open()
    await done(clock, state.restart.start('x'))
    await clock.advance(50)
    await done(clock, state.restart.start('y'))
    await clock.advance(10)
    expect(now()).toMatchObject({ began: ['x', 'y'], restart: { running: 1, waiting: 0, outcome: null } })
    await clock.advance(200)
    expect(now()).toMatchObject({ began: ['x', 'y'], ended: ['y'], restart: { running: 0, outcome: 'done' } })
    expect(hub.backgroundTasks.size).toBe(0)
  })

  it('is restarted with equal arguments as well, if that is what its author wants', async () => {
    const { clock, state, now } = await open()
    await done(clock, state.restart.start('x'))
    await done(clock, state.restart.start('x'))
    await clock.advance(200)
    expect(now()).toMatchObject({ began: ['x', 'x'], ended: ['x'] })
  })

  it('of several restarts in a row lets the last win; those between are named as cancelled', async () => {
    const { clock, state, now } = await open()
    await done(clock, state.restart.start('w'))
    const ends = ['x', 'y', 'z'].map((name) =>
      state.restart.start(name).then(
        () => 'started',
        (error) => error.code,
      ),
    )
    await clock.settle()
    expect(await Promise.all(ends)).toEqual(['task-cancelled', 'task-cancelled', 'started'])
    await clock.advance(300)
    expect(now()).toMatchObject({ began: ['w', 'z'], ended: ['z'] })
  })

  it('of several triggers in a row lets the last win', async () => {
    const { clock, state, now, log } = await open()
    await done(clock, state.restartThrice())
    await clock.advance(300)
    expect(now().ended).toEqual(['z'])
    expect(now().restart).toMatchObject({ running: 0, waiting: 0, outcome: 'done' })
    expect(log.lines).toEqual([])
  })

  it('that does not end when it is restarted is given its grace; the page shows that the next one waits, and is not held up', async () => {
    const { clock, state, now } = await open()
    await done(clock, state.stubborn.start('first'))
    await done(clock, state.stubborn.start('second'))
    expect(now().stubborn).toMatchObject({ running: 0, waiting: 1 })
    await done(clock, state.stubborn.start('third')) // takes the place of the one that waits
    await done(clock, state.add())
    expect(now()).toMatchObject({ done: 1, began: ['first'], stubborn: { running: 0, waiting: 1 } })
    await clock.advance(2_010)
    expect(now()).toMatchObject({ began: ['first', 'third'], stubborn: { running: 1, waiting: 0 } })
    late.open()
    await clock.advance(200)
    expect(now()).toMatchObject({ ended: ['third'], stubborn: { running: 0, outcome: 'done' } })
  })

  it('that waits for the one before can be cancelled', async () => {
    const { clock, state, now } = await open()
    await done(clock, state.stubborn.start('first'))
    await done(clock, state.stubborn.start('second'))
    void state.stubborn.cancel()
    await clock.advance(5_000)
    expect(now()).toMatchObject({ began: ['first'], stubborn: { running: 0, waiting: 0, outcome: 'cancelled' } })
  })

  it('loses no trigger that comes while it ends: work that was added after its last look is done', async () => {
    const { clock, state, now, hub, tab } = await open()
    for (let round = 0; round < 30; round += 1) {
      void state.add()
      void hub.modifyState(tab.token, d, () => {})
      void state.add()
      for (let steps = 0; steps < round; steps += 1) await Promise.resolve()
      void state.add()
      await clock.settle()
    }
    await clock.advance(100)
    expect(now()).toMatchObject({ done: 90, todo: 0, drain: { running: 0 } })
  })

  it.each([
    ['addLong', 'at hand'],
    ['addLong', 'slow'],
    ['addSaid', 'at hand'],
    ['addSaid', 'slow'],
  ] as const)(
    'loses none that waited for the lock while it looked for the last time: %s, with a store that is %s',
    async (add, kind) => {
      const memory = memoryStore()
      const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
      const save: StateStore['save'] = (token, next) =>
        kind === 'slow' ? turn().then(() => memory.save(token, next)) : memory.save(token, next)
      const { clock, state, now, hub } = await open({ ...memory, save })
      const settle = async () => {
        for (let turns = 0; turns < 20; turns += 1) await clock.settle()
      }
      void state[add]()
      await settle()
      expect(hub.backgroundTasks.size).toBe(1)
      void state[add]()
      await settle()
      late.open()
      await settle()
      await clock.advance(50)
      expect(now()).toMatchObject({ done: 2, todo: 0 })
      expect(hub.backgroundTasks.size).toBe(0)
    },
  )

  it('loses none over a store that takes its time', async () => {
    const memory = memoryStore()
    const slow: StateStore = {
      ...memory,
      save: (token, next) => new Promise<void>((resolve) => setImmediate(resolve)).then(() => memory.save(token, next)),
    }
    const { clock, state, now } = await open(slow)
    for (let round = 0; round < 30; round += 1) {
      for (let steps = 0; steps < round % 7; steps += 1) await Promise.resolve()
      void state.add()
      if (round % 3 === 0) await clock.settle()
      if (round % 5 === 0) for (let turns = 0; turns < 4; turns += 1) await new Promise((next) => setImmediate(next))
    }
    for (let turns = 0; turns < 200; turns += 1) await clock.settle()
    await clock.advance(100)
    expect(now()).toMatchObject({ done: 30, todo: 0, drain: { running: 0 } })
  })

  it('that has failed for good, and whose function has not ended, is started again when it has', async () => {
    const { clock, state, now, log } = await open()
    await done(clock, state.slow.start())
    await clock.advance(1_100)
    await done(clock, state.slowAgain())
    expect(now().began).toEqual(['slow'])
    await clock.advance(2_100)
    expect(now().began).toEqual(['slow', 'slow'])
    expect(log.lines.filter((line) => /already/.test(line))).toEqual([])
  })

  const works: [string, boolean, number, typeof last][] = [
    [
      'that looks at the state once more',
      true,
      1,
      async ({ update, sleep }) => {
        await update((s) => s.done)
        await sleep(100)
        await update((s) => s.done)
      },
    ],
    [
      'that reads its newest state once more',
      true,
      1,
      async (self) => {
        await self.sleep(100)
        void self.state.done
      },
    ],
    ['that never looks at the state', true, 1, ({ sleep }) => sleep(100)],
    [
      'that has seen all there is',
      false,
      1,
      async ({ update, sleep }) => {
        await update((s) => (s.done += 1))
        await sleep(100)
      },
    ],
    [
      'that ends without having seen what came with it',
      true,
      2,
      async ({ update, sleep }) => {
        await update((s) => (s.done += 1))
        await sleep(100)
      },
    ],
    [
      'that ends in a block without having seen what came with it',
      true,
      2,
      async (self) => {
        {
          await using held = await self.lock()
          held.state.done += 1
        }
        await self.sleep(100)
      },
    ],
    [
      'that fails without having seen what came with it',
      true,
      2,
      async ({ update, sleep }) => {
        await update((s) => s.done)
        await sleep(100)
        throw new Refusal('no')
      },
    ],
  ]
  it.each(works)(
    'that is under way is joined by a trigger, or runs once more: one %s',
    async (_, changes, runs, work) => {
      let made = 0
      last = (self) => {
        made += 1
        return work(self)
      }
      const { clock, state, now } = await open()
      await done(clock, state.last.start())
      await clock.advance(50)
      for (let times = 0; times < 3; times += 1) await done(clock, changes ? state.lastChanged() : state.lastAgain())
      await clock.advance(500)
      expect([made, now().last.running]).toEqual([runs, 0])
    },
  )

  it('that is cancelled does not run once more', async () => {
    let made = 0
    last = async ({ update, sleep }) => {
      made += 1
      await update((s) => s.done)
      await sleep(100)
    }
    const { clock, state } = await open()
    await done(clock, state.last.start())
    await done(clock, state.lastChanged())
    await done(clock, state.last.cancel())
    await clock.advance(500)
    expect(made).toBe(1)
  })

  it('is started once by a call that is sent again', async () => {
    const { clock, state, tab, now } = await open()
    for (const name of ['x', 'y']) {
      const started = state.restart.start(name)
      tab.drop()
      await tab.reconnect()
      tab.drop()
      await tab.reconnect()
      await done(clock, started)
    }
    await clock.advance(300)
    expect(now()).toMatchObject({ began: ['x', 'y'], ended: ['y'] })
  })
})

it.each([
  [{ concurrency: 'single', again: 'never' }, 'again: "never" }): expected "join", "reject" or "restart"'],
  [{ again: 'restart' }, 'again: "restart" }): requires concurrency: "single"'],
  [{ concurrency: 'queue', again: 'join' }, 'again: "join" }): requires concurrency: "single"'],
])('%o is refused', (options, message) => {
  expect(() => defineState('d', () => ({})).tasks((b) => ({ x: b(options as never, async () => {}) }))).toThrow(message)
})
