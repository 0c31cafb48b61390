import { describe, expect, it } from 'vitest'
import { defineState, ImmutableStateError, Refusal, type Self } from '../doors/authors.js'
import { done, failure } from '../testing/await.fixture.js'
import { testHub } from '../testing/kit.js'

interface Fields {
  n: number
  list: { deep: { n: number }[] }[]
  map: Map<string, { n: number }>
  set: Set<number>
  date: Date
}

type Work = (self: Self<Fields>, ...args: never[]) => Promise<unknown>
let work: Work = async () => {}
let generate: (self: Self<Fields>) => AsyncGenerator<never, void, undefined> = async function* () {}

const d = defineState(
  'd',
  (): Fields => ({
    n: 0,
    list: [{ deep: [{ n: 0 }] }],
    map: new Map([['a', { n: 0 }]]),
    set: new Set([1]),
    date: new Date(0),
  }),
)
  .private(() => ({ secret: 1 }))
  .computed({ double: (s) => s.n * 2 })
  .tasks((background) => ({
    run: background(async (self) => void (await work(self as unknown as Self<Fields>))),
    steps: background((self) => generate(self as unknown as Self<Fields>)),
    single: background({ concurrency: 'single' }, async ({ sleep }, _n?: number) => sleep(100)),
    named: background(async ({ update }, by: number) => void (await update((s) => (s.n += by)))),
  }))
  .events((on) => ({
    add: on((s, by: number) => {
      s.n += by
    }),
  }))
const other = defineState('other', () => ({ n: 0 }))

async function open() {
  const kit = testHub([d, other])
  const tab = await kit.open()
  await tab.watch(other)
  const state = await tab.watch(d)
  const start = async (given: Work, ms = 50) => {
    work = given
    void state.run.start()
    await kit.clock.advance(ms)
    return tab.state(d)
  }
  return { ...kit, tab, state, start, d: () => tab.state(d) }
}

describe('copies', () => {
  it('run beside each other, and are counted', async () => {
    const { start, clock, d, hub } = await open()
    for (let index = 0; index < 5; index += 1) await start(({ sleep }) => sleep(1000), 10)
    expect(d().run.running).toBe(5)
    expect(hub.backgroundTasks.size).toBe(5)
    await clock.advance(1000)
    expect(d().run.running).toBe(0)
  })

  it('of a single task are refused while one runs with other arguments, and may start again after it', async () => {
    const { clock, state, d } = await open()
    await done(clock, state.single.start(1))
    expect(await failure(clock, state.single.start(2))).toMatchObject({ code: 'already-running' })
    await clock.advance(150)
    expect(d().single.running).toBe(0)
    await done(clock, state.single.start())
    expect(d().single.running).toBe(1)
  })

  it('of a single task in two tabs do not know each other', async () => {
    const { clock, state, open: openTab } = await open()
    const second = await (await openTab()).watch(d)
    await done(clock, state.single.start())
    await done(clock, second.single.start())
  })

  it('are refused beyond the bound of a token', async () => {
    const kit = testHub([d], { limits: { tasksPerToken: 1 } })
    const state = await (await kit.open()).watch(d)
    work = ({ sleep }) => sleep(100)
    await done(kit.clock, state.run.start())
    expect(await failure(kit.clock, state.run.start())).toMatchObject({ code: 'too-many-tasks' })
  })
})

describe('hub.backgroundTasks', () => {
  it('is a live set whose entries leave when they settle, however they end', async () => {
    const { start, clock, hub, tab } = await open()
    const live = hub.backgroundTasks
    await start(({ sleep }) => sleep(100), 10)
    const [entry] = live
    expect(entry).toMatchObject({ token: tab.token, definition: 'd', task: 'run' })
    await clock.advance(100)
    await entry?.settled
    expect(live.size).toBe(0)
    await start(async () => {
      throw new Error('no')
    })
    expect(live.size).toBe(0)
  })
})

describe('self.state', () => {
  const writes: [string, (s: Fields) => unknown][] = [
    [
      'a field',
      (s) => {
        s.n = 1
      },
    ],
    [
      'a new field',
      (s) => {
        ;(s as { x?: number }).x = 1
      },
    ],
    ['a deleted field', (s) => delete (s as { n?: number }).n],
    [
      'a nested field',
      (s) => {
        ;(s.list[0] as { deep: { n: number }[] }).deep[0] = { n: 1 }
      },
    ],
    [
      'a deeply nested field',
      (s) => {
        ;(s.list[0]?.deep[0] as { n: number }).n = 1
      },
    ],
    ['push', (s) => s.list.push({ deep: [] })],
    ['sort', (s) => s.list.sort()],
    ['splice', (s) => s.list.splice(0, 1)],
    [
      'length',
      (s) => {
        s.list.length = 0
      },
    ],
    ['Map.set', (s) => s.map.set('b', { n: 1 })],
    ['Map.delete', (s) => s.map.delete('a')],
    ['Map.clear', (s) => s.map.clear()],
    [
      'a value in a Map',
      (s) => {
        ;(s.map.get('a') as { n: number }).n = 1
      },
    ],
    [
      'a value met by iterating a Map',
      (s) => {
        for (const item of s.map.values()) item.n = 1
      },
    ],
    [
      'a value met by forEach',
      (s) =>
        s.map.forEach((item) => {
          item.n = 1
        }),
    ],
    ['Set.add', (s) => s.set.add(2)],
    ['Set.delete', (s) => s.set.delete(1)],
    ['Date.setTime', (s) => s.date.setTime(1)],
    ['Object.assign', (s) => Object.assign(s, { n: 1 })],
    ['Object.defineProperty', (s) => Object.defineProperty(s, 'n', { value: 1 })],
    ['Object.setPrototypeOf', (s) => Object.setPrototypeOf(s, null)],
    [
      'an item found by find()',
      (s) => {
        ;(s.list.find(() => true) as { deep: unknown[] }).deep = []
      },
    ],
    [
      'an item met by destructuring',
      (s) => {
        const {
          list: [first],
        } = s
        first?.deep.pop()
      },
    ],
    ['Map.prototype.set borrowed', (s) => Map.prototype.set.call(s.map, 'a', 1)],
    ['Array.prototype.push borrowed', (s) => Array.prototype.push.call(s.list, 1)],
  ]
  it.each(writes)('refuses a write to %s', async (name, write) => {
    const { start, d } = await open()
    let caught: unknown
    await start(async (self) => {
      try {
        write(self.state as Fields)
      } catch (error) {
        caught = error
      }
    })
    if (!name.startsWith('Map.prototype')) expect(caught).toBeInstanceOf(ImmutableStateError)
    expect(d()).toMatchObject({ n: 0, list: [{ deep: [{ n: 0 }] }], set: new Set([1]), date: new Date(0) })
    expect([...d().map]).toEqual([['a', { n: 0 }]])
  })

  it('shows the newest snapshot, private fields and computed values with it', async () => {
    const { start, state, clock } = await open()
    const seen: unknown[] = []
    await start(async (self) => {
      seen.push({ ...self.state })
      await self.sleep(100)
      seen.push({ ...self.state })
    })
    await done(clock, state.add(4))
    await clock.advance(100)
    expect(seen).toMatchObject([
      { n: 0, secret: 1, double: 0 },
      { n: 4, secret: 1, double: 8 },
    ])
  })

  it('shows the task its own write right after a block and right after an update', async () => {
    const { start, d } = await open()
    const seen: number[] = []
    await start(async (self) => {
      {
        await using held = await self.lock()
        held.state.n = 3
      }
      seen.push(self.state.n)
      await self.update((s) => (s.n += 1))
      seen.push(self.state.n)
    })
    expect(seen).toEqual([3, 4])
    expect(d().n).toBe(4)
  })
})

describe('a held block', () => {
  it('gives a fresh state, and a read-only and fresh one after its end', async () => {
    const { start, hub, tab, d: now } = await open()
    const errors: unknown[] = []
    const attempt = (run: () => void) => {
      try {
        run()
      } catch (error) {
        errors.push(error)
      }
    }
    let fresh = -1
    await start(async (self) => {
      let escaped: Awaited<ReturnType<typeof self.lock>> | undefined
      let draft: Fields | undefined
      {
        await using held = await self.lock()
        escaped = held
        draft = held.state
        draft.n = 1
      }
      attempt(() => {
        ;(escaped as { state: Fields }).state.n = 9
      })
      attempt(() => {
        ;(draft as Fields).n = 9
      })
      attempt(() => {
        draft?.list.push({ deep: [] })
      })
      await hub.modifyState(tab.token, d, (s) => void (s.n += 10))
      fresh = escaped.state.n
    })
    expect(errors).toHaveLength(3)
    for (const error of errors) expect(error).toBeInstanceOf(ImmutableStateError)
    expect(fresh).toBe(11)
    expect(now().n).toBe(11)
  })

  it('leaves nothing of an uncaught throw in it', async () => {
    const { start, hub, tab } = await open()
    const before = tab.revision
    const after = await start(async (self) => {
      await using held = await self.lock()
      held.state.n = 9
      throw new Refusal('in the block')
    })
    expect(after).toMatchObject({ n: 0, run: { running: 0, error: { code: 'task-failed', message: 'in the block' } } })
    expect(tab.revision).toBe(before)
    expect(hub.locks.held).toBe(0)
  })

  it('leaves nothing of an uncaught throw that passes through other functions and waits on its way out', async () => {
    const { start } = await open()
    const block = async (self: Self<Fields>) => {
      await using held = await self.lock()
      held.state.n = 9
      throw new Refusal('deep')
    }
    const after = await start(async (self) => {
      try {
        await (async () => block(self))()
      } finally {
        await Promise.resolve()
      }
    })
    expect(after).toMatchObject({ n: 0, run: { error: { message: 'deep' } } })
  })

  it('forgets what was changed on rollback() in a catch of the task', async () => {
    const { start } = await open()
    const after = await start(async (self) => {
      await using held = await self.lock()
      try {
        held.state.n = 9
        throw new Error('caught')
      } catch {
        held.rollback()
      }
      held.state.n += 1
    })
    expect(after).toMatchObject({ n: 1, run: { error: null } })
  })

  it('refuses an invalid value, and keeps nothing', async () => {
    const { start, hub } = await open()
    const after = await start(async (self) => {
      await using held = await self.lock()
      held.state.n = 9
      held.state.list = (() => {}) as never
    })
    expect(after).toMatchObject({ n: 0, run: { running: 0, error: { code: 'invalid-value' } } })
    expect(hub.locks.held).toBe(0)
  })

  it('reaches the other states of the token under the same lock', async () => {
    const { start, tab } = await open()
    let seen = -1
    await start(async (self) => {
      {
        await using held = await self.lock()
        held.get(other).n += 1
        held.state.n += 1
      }
      seen = self.get(other).n
      await self.update((s, held) => {
        held.get(other).n += 1
        s.n += 1
      })
    })
    expect(seen).toBe(1)
    expect(tab.state(other).n).toBe(2)
    expect(tab.state(d).n).toBe(2)
  })
})

describe('update', () => {
  it('gives back what its function returned, and keeps nothing of one that throws', async () => {
    const { start } = await open()
    const seen: unknown[] = []
    const after = await start(async (self) => {
      seen.push(await self.update((s) => ++s.n))
      const wrong = self.update(async (s) => {
        s.n = 99
        await self.sleep(1)
        throw new Error('no')
      })
      await wrong.catch((error: Error) => seen.push(error.message))
      await self.update((_s, held) => {
        held.state.n = 50
        held.rollback()
        held.state.n += 1
      })
    })
    expect(seen).toEqual([1, 'no'])
    expect(after).toMatchObject({ n: 2, run: { error: null } })
  })
})

describe('an async generator task', () => {
  it('shows what a held block changed at each yield, while it is held', async () => {
    const { state, clock, d, hub } = await open()
    generate = async function* (self) {
      await using held = await self.lock()
      held.state.n = 1
      yield undefined as never
      await self.sleep(100)
      held.state.n = 2
      yield undefined as never
      await self.sleep(100)
      held.state.n = 3
      throw new Refusal('at last')
    }
    void state.steps.start()
    await clock.advance(50)
    expect(d().n).toBe(1)
    expect(hub.locks.held).toBe(1)
    await clock.advance(100)
    expect(d().n).toBe(2)
    await clock.advance(100)
    expect(d()).toMatchObject({ n: 2, steps: { running: 0, error: { message: 'at last' } } })
    expect(hub.locks.held).toBe(0)
  })

  it('runs its finally when what it yielded is refused, and that saves nothing', async () => {
    const { state, clock, d, hub } = await open()
    let cleaned = false
    generate = async function* (self) {
      try {
        await using held = await self.lock()
        held.state.n = 1
        yield 'nonsense' as never
      } finally {
        cleaned = true
      }
    }
    void state.steps.start()
    await clock.advance(50)
    expect(cleaned).toBe(true)
    expect(d()).toMatchObject({ n: 0, steps: { running: 0, error: { code: 'invalid-trigger' } } })
    expect(hub.locks.held).toBe(0)
  })
})
