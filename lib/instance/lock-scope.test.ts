import { describe, expect, it } from 'vitest'
import { defineState, type Self } from '../doors/authors.js'
import { modifyState } from '../doors/server.js'
import { done, failure } from '../testing/await.fixture.js'
import { testHub } from '../testing/kit.js'

interface Fields {
  n: number
}

/** What one test wants a task to do. */
let work: (self: Self<Fields>) => Promise<void> = async () => {}

const d = defineState('d', (): Fields => ({ n: 0 }))
  .tasks((background) => ({ run: background((self) => work(self)) }))
  .events((on) => ({
    modifyInside: on(async function (s) {
      s.n = 1
      await modify(this.token)
    }),
    modifyInsideSync: on(function (s) {
      s.n = 1
      detached = modify(this.token)
      detached.catch(() => {})
    }),
    modifyAfterwards: on(function () {
      const { token } = this
      detached = (async () => {
        await later()
        await modify(token)
      })()
    }),
    modifyAfterwardsAsync: on(async function () {
      const { token } = this
      detached = (async () => {
        await later()
        await modify(token)
      })()
      await Promise.resolve()
    }),
    lockInside: on(async function () {
      await hub.lock(this.token)
    }),
  }))

let hub: ReturnType<typeof testHub>['hub']
let detached: Promise<unknown> = Promise.resolve()
const modify = (token: string) => hub.modifyState(token, d, (s) => void (s.n += 100))
const later = () => new Promise<void>((resolve) => setTimeout(resolve, 5))

async function open() {
  const kit = testHub([d])
  hub = kit.hub
  const tab = await kit.open()
  const state = await tab.watch(d)
  const run = async (given: typeof work) => {
    work = given
    void state.run.start()
    await kit.clock.advance(50)
    return tab.state(d)
  }
  return { ...kit, tab, state, run, d: () => tab.state(d) }
}

const inUpdate = (inner: (self: Self<Fields>) => Promise<unknown>) => (self: Self<Fields>) =>
  self.update(async (s) => {
    s.n = 5
    await Promise.resolve()
    await inner(self)
  })
const inBlock = (inner: (self: Self<Fields>) => Promise<unknown>) => async (self: Self<Fields>) => {
  await using held = await self.lock()
  held.state.n = 5
  await Promise.resolve()
  await inner(self)
}
const update = (self: Self<Fields>) => self.update((s) => void (s.n += 1))
const block = async (self: Self<Fields>) => {
  await using held = await self.lock()
  const { n } = held.state
  await Promise.resolve()
  held.state.n = n + 1
}

describe('a lock inside a lock', () => {
  it.each([
    ['update() inside update()', inUpdate(update)],
    ['lock() inside update()', inUpdate(block)],
    ['update() inside lock()', inBlock(update)],
    ['lock() inside lock()', inBlock(block)],
    [
      'update() inside a synchronous update()',
      (self: Self<Fields>) =>
        self.update((s) => {
          s.n = 5
          return update(self)
        }) as Promise<void>,
    ],
  ] as const)('%s is refused at once, and nothing is kept', async (_, given) => {
    const { run, hub, clock, state, d } = await open()
    expect(await run(given as typeof work)).toMatchObject({ n: 0, run: { running: 0, error: { code: 'nested-lock' } } })
    expect(hub.locks.held).toBe(0)
    await done(clock, state.modifyAfterwards())
    await detached
    await clock.advance(20)
    expect(d().n).toBe(100)
  })

  it('is refused after a sleep inside the block too, and the block can go on', async () => {
    const { run } = await open()
    const after = await run(async (self) => {
      await using held = await self.lock()
      await self.sleep(5)
      await self.update(() => {}).catch(() => {})
      held.state.n = 7
    })
    expect(after).toMatchObject({ n: 7, run: { running: 0, error: null } })
  })

  it('modifyState inside an event of the same token is refused', async () => {
    const { clock, state, d } = await open()
    expect(await failure(clock, state.modifyInside())).toMatchObject({ code: 'nested-lock' })
    expect(d().n).toBe(0)
    await done(clock, state.modifyInsideSync())
    await expect(detached).rejects.toMatchObject({ code: 'nested-lock' })
    expect(await failure(clock, state.lockInside())).toMatchObject({ code: 'nested-lock' })
  })

  it('is refused in a plain function that returns a promise too, when it comes after a wait', async () => {
    const { run } = await open()
    const given = (self: Self<Fields>) => self.update(() => Promise.resolve().then(() => update(self))) as Promise<void>
    await run(async (self) => void (await self.update(() => Promise.resolve())))
    expect((await run(given)).run).toMatchObject({ running: 0, error: { code: 'nested-lock' } })
  })

  // Only what it returned shows that it waits, and by then its flow cannot be marked any more.
  it('is refused in the first of all of these as well: flows are followed before', async () => {
    const { run, tab } = await open()
    await run((self) => self.update(() => Promise.resolve().then(() => update(self))) as Promise<void>)
    expect(tab.state(d).run).toMatchObject({ running: 0, error: { code: 'nested-lock' } })
  })
})

describe('work that a handler left running', () => {
  it('may modify the state afterwards', async () => {
    const { clock, state, d } = await open()
    await done(clock, state.modifyAfterwards())
    await detached
    await done(clock, state.modifyAfterwardsAsync())
    await detached
    await clock.advance(20)
    expect(d().n).toBe(200)
  })
})

describe('siblings', () => {
  const pair = (one: typeof work, two: typeof work) => async (self: Self<Fields>) => {
    await Promise.all([one(self), two(self), one(self), two(self)])
  }
  const sleepFirst = (then: typeof work) => async (self: Self<Fields>) => {
    await self.sleep(3)
    await then(self)
  }
  const sleepInside = async (self: Self<Fields>) => {
    await using held = await self.lock()
    const { n } = held.state
    await self.sleep(10)
    held.state.n = n + 1
  }
  it.each([
    ['two updates', pair(update, update)],
    ['two blocks', pair(block, block)],
    ['an update after a block', pair(block, update)],
    ['a block after an update', pair(update, block)],
    ['a block and an update that comes while it is held', pair(sleepInside, sleepFirst(update))],
    ['a block and a block that comes while it is held', pair(sleepInside, sleepFirst(block))],
  ] as const)('%s under Promise.all queue', async (_, given) => {
    const { run, hub } = await open()
    expect(await run(given as typeof work)).toMatchObject({ n: 4, run: { running: 0, error: null } })
    expect(hub.locks.held).toBe(0)
  })

  it('a block that was left running does not forbid its caller the lock', async () => {
    const { run } = await open()
    expect(
      await run(async (self) => {
        const running = sleepInside(self)
        await self.sleep(3)
        await update(self)
        await running
      }),
    ).toMatchObject({ n: 2, run: { error: null } })
  })
})

describe('one after the other', () => {
  it('a lock may be taken again right after a block, in every way', async () => {
    const { run, tab } = await open()
    expect(
      await run(async (self) => {
        await block(self)
        await update(self)
        await block(self)
        await block(self)
        {
          await using held = await self.lock()
          held.state.n += 1
        }
        {
          await using held = await self.lock()
          held.state.n += 1
        }
        await update(self)
        await modify(tab.token)
      }),
    ).toMatchObject({ n: 107, run: { error: null } })
  })

  it('a flow that takes the lock again and again keeps no chain of its holds', async () => {
    const { run, hub } = await open()
    let depth = 0
    await run(async (self) => {
      for (let index = 0; index < 50; index += 1) await block(self)
      await using held = await self.lock()
      held.state.n += 1
      for (let hold = hub.lockScope.current(); hold; hold = hold.outer) depth += 1
    })
    expect(depth).toBe(1)
  })
})

describe('hub.lock', () => {
  it('holds the lock of a token from outside, keeps the change, and lets go', async () => {
    const { hub, tab, clock, d: now, state } = await open()
    {
      await using held = await hub.lock(tab.token)
      held.get(d).n = 4
      void state.modifyAfterwards()
      await clock.advance(20)
      expect(now().n).toBe(0)
      await expect(hub.modifyState(tab.token, d, () => {})).rejects.toMatchObject({ code: 'nested-lock' })
    }
    await clock.settle()
    await detached
    await clock.advance(20)
    expect(now().n).toBe(104)
    expect(hub.locks.held).toBe(0)
  })

  it('forgets what was changed on rollback()', async () => {
    const { hub, tab, clock, d: now } = await open()
    {
      await using held = await hub.lock(tab.token)
      const before = held.get(d)
      before.n = 4
      held.rollback()
      expect(() => {
        before.n = 5
      }).toThrow(expect.objectContaining({ code: 'immutable-state' }))
      held.get(d).n += 1
    }
    await clock.advance(20)
    expect(now().n).toBe(1)
  })

  it('can be let go before the end of its block, and is read-only and fresh after that', async () => {
    const { hub, tab, clock, d: now } = await open()
    {
      await using held = await hub.lock(tab.token)
      held.get(d).n = 4
      await held[Symbol.asyncDispose]()
      await hub.modifyState(tab.token, d, (s) => void (s.n = 50))
      expect(held.get(d).n).toBe(50)
      expect(() => {
        held.get(d).n = 5
      }).toThrow(expect.objectContaining({ code: 'immutable-state' }))
    }
    await clock.advance(20)
    expect(now().n).toBe(50)
    expect(hub.locks.held).toBe(0)
  })

  it('refuses what is no token', async () => {
    const { hub } = await open()
    for (const token of ['', 'x', '__proto__', undefined as never])
      for (const attempt of [() => hub.lock(token), () => hub.modifyState(token, d, () => {})])
        await expect(attempt()).rejects.toMatchObject({ code: 'invalid-token' })
  })
})

describe('modifyState', () => {
  it('returns what its function returned once the change is kept, and keeps nothing of a throw', async () => {
    const { hub, tab, clock, d: now } = await open()
    expect(await hub.modifyState(tab.token, d, (s) => (s.n += 2))).toBe(2)
    expect(await hub.modifyState(tab.token, d, async (s) => (s.n += 2))).toBe(4)
    const wrong = (s: Fields) => {
      s.n = 99
      throw new TypeError('mine')
    }
    await expect(hub.modifyState(tab.token, d, wrong)).rejects.toThrow(TypeError)
    await clock.advance(20)
    expect(now().n).toBe(4)
  })
})

describe('the lock of another tab', () => {
  /** What one test wants an event, a task and server code to do about the other tab. */
  let reach: (token: string) => Promise<unknown> = async () => {}
  let target = ''
  const deep = async (token: string, levels = 3): Promise<unknown> => {
    await later()
    return levels === 0 ? reach(token) : deep(token, levels - 1)
  }
  const noted: Promise<unknown>[] = []
  const e = defineState('e', () => ({ n: 0 }))
    .tasks((background) => ({
      inUpdate: background(async ({ update }) => {
        await update(async (s) => {
          s.n = 1
          await reach(target)
        })
      }),
      inBlock: background(async (self) => {
        await using held = await self.lock()
        held.state.n = 1
        await reach(target)
      }),
      outside: background(async ({ update }) => {
        await update((s) => void (s.n = 1))
        await reach(target)
        await update((s) => void (s.n += 1))
      }),
    }))
    .events((on) => ({
      add: on((s) => void (s.n += 100)),
      awaited: on(async (s) => {
        s.n = 1
        await reach(target)
      }),
      returned: on((s) => {
        s.n = 1
        return reach(target) as Promise<void>
      }),
      caught: on(async (s) => {
        s.n = 1
        await reach(target).catch((error) => noted.push(error.code))
      }),
      detached: on(async (s) => {
        s.n = 1
        noted.push(reach(target).catch((error) => error.code))
      }),
      detachedInPlain: on((s) => {
        s.n = 1
        noted.push(reach(target).catch((error) => error.code))
      }),
      yielding: on(async function* (s) {
        s.n = 1
        yield
        await reach(target)
      }),
      deep: on(async (s) => {
        s.n = 1
        await deep(target)
      }),
      deepInPlain: on((s) => {
        s.n = 1
        return deep(target) as Promise<void>
      }),
      afterwards: on((s) => {
        s.n = 1
        noted.push(deep(target).catch((error) => error.code))
      }),
    }))

  const ways = {
    modifyState: (token: string) => modifyState(token, e, (s) => void (s.n += 10)),
    'hub.modifyState': (token: string) => hub.modifyState(token, e, (s) => void (s.n += 10)),
    'hub.lock': async (token: string) => {
      await using held = await hub.lock(token)
      held.get(e).n += 10
    },
  }

  async function two(way: keyof typeof ways) {
    const kit = testHub([e])
    hub = kit.hub
    const [one, other] = [await kit.open(), await kit.open()]
    for (const tab of [one, other]) await tab.watch(e)
    target = other.token
    reach = ways[way]
    noted.length = 0
    const end = async (work: Promise<unknown>) => {
      const ended = kit.done(work).then(
        () => 'done',
        (error) => error.code,
      )
      return ended
    }
    return { ...kit, one, other, end, n: () => [one, other].map((tab) => tab.state(e).n) }
  }

  const allWays = Object.keys(ways) as (keyof typeof ways)[]
  const members = ['awaited', 'returned', 'yielding', 'deep', 'deepInPlain'] as const

  it.each(allWays.flatMap((way) => members.map((member) => [way, member] as const)))(
    'by %s in an event (%s) is refused by name, and nothing of it is kept',
    async (way, member) => {
      const { one, end, n, hub: held } = await two(way)
      expect(await end(one.state(e)[member]())).toBe('nested-lock')
      expect(n()).toEqual([member === 'yielding' ? 1 : 0, 0])
      expect(held.locks.held).toBe(0)
    },
  )

  it.each(allWays)('by %s that nobody awaits, or whose failure is caught, is refused as well', async (way) => {
    const { one, end, n } = await two(way)
    for (const member of ['caught', 'detached', 'detachedInPlain'] as const) {
      expect(await end(one.state(e)[member]())).toBe('done')
      expect(await noted.pop()).not.toBe('done')
    }
    expect(n()).toEqual([1, 0])
  })

  it.each(allWays.flatMap((way) => (['inUpdate', 'inBlock'] as const).map((task) => [way, task] as const)))(
    'by %s in a task (%s) is refused, and says who holds which lock and what to do',
    async (way, task) => {
      const { one, end, n, clock } = await two(way)
      await end(one.state(e)[task].start())
      await clock.advance(20)
      const { error } = one.state(e)[task]
      expect(error).toMatchObject({ code: 'nested-lock' })
      expect(error?.message).toContain(`task "${task}" of state "e"`)
      expect(error?.message).toContain('background task')
      expect(n()).toEqual([0, 0])
    },
  )

  it.each(allWays)('by %s in modifyState and in a block of hub.lock is refused', async (way) => {
    const { one, n } = await two(way)
    await expect(hub.modifyState(one.token, e, async () => void (await reach(target)))).rejects.toMatchObject({
      code: 'nested-lock',
    })
    const block = async () => {
      await using held = await hub.lock(one.token)
      held.get(e).n = 1
      await deep(target).finally(() => held.rollback())
    }
    await expect(block()).rejects.toMatchObject({ code: 'nested-lock' })
    expect(n()).toEqual([0, 0])
  })

  it.each(allWays)(
    'by %s is fine in a task outside of its lock, in a request, and after the event has ended',
    async (way) => {
      const { one, other, end, n, clock } = await two(way)
      expect(await end(one.state(e).outside.start())).toBe('done')
      await clock.advance(20)
      expect([one.state(e).outside.error, n()]).toEqual([null, [2, 10]])
      await one.request(() => reach(other.token))
      await clock.advance(20)
      expect(n()).toEqual([2, 20])
      expect(await end(one.state(e).afterwards())).toBe('done')
      expect(await noted.pop()).not.toBe('nested-lock')
      await clock.advance(20)
      expect(n()).toEqual([1, 30])
    },
  )

  it('that is taken by modifyState without a token is refused as well, awaited or not', async () => {
    const { one, other, end, n } = await two('modifyState')
    reach = () => modifyState(e, (s) => void (s.n += 10))
    for (const tab of [one, other]) {
      // the request of the one tab has the event of the other one run
      await one.request(() => tab.state(e).detached())
      expect(await noted.pop()).toBe('nested-lock')
      expect(await end(one.request(() => tab.state(e).awaited()))).toBe('nested-lock')
    }
    expect(n()).toEqual([1, 1])
  })

  it('of two events that reach for each other, neither waits', async () => {
    const { one, other, end, clock } = await two('modifyState')
    reach = (token) => ways.modifyState(token === one.token ? other.token : one.token)
    const started = clock.now()
    expect(await Promise.all([one, other].map((tab) => end(tab.state(e).awaited())))).toEqual([
      'nested-lock',
      'nested-lock',
    ])
    expect(clock.now()).toBe(started)
  })

  it('names the event in the first plain function of all that returns a promise, too', async () => {
    const { one, end } = await two('modifyState')
    const failed = one.state(e).deepInPlain()
    failed.catch(() => {})
    expect(await end(failed)).toBe('nested-lock')
    await expect(failed).rejects.toThrow('event "deepInPlain" of state "e"')
  })
})
