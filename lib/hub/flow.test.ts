import { describe, expect, it } from 'vitest'
import { defaultLimits } from '../base/limits.js'
import { defineState, type Self } from '../doors/authors.js'
import { testHub } from '../doors/testing.js'
import { done, failure } from '../testing/await.fixture.js'

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

  it('modifyState of another token inside a block is fine', async () => {
    const { open: openTab, run, clock } = await open()
    const stranger = await openTab()
    await stranger.watch(d)
    expect(
      await run(async (self) => {
        await using held = await self.lock()
        await modify(stranger.token)
        held.state.n = 1
      }),
    ).toMatchObject({ n: 1, run: { error: null } })
    await clock.advance(20)
    expect(stranger.state(d).n).toBe(100)
  })

  it('is refused in a plain function that returns a promise too, when it comes after a wait', async () => {
    const { run } = await open()
    const given = (self: Self<Fields>) => self.update(() => Promise.resolve().then(() => update(self))) as Promise<void>
    await run(async (self) => void (await self.update(() => Promise.resolve())))
    expect((await run(given)).run).toMatchObject({ running: 0, error: { code: 'nested-lock' } })
  })

  // Only what it returned shows that it waits, and by then its flow cannot be marked any more.
  it('ends by the timeout of the change in the first plain function of all that returns a promise', async () => {
    const { run, clock, tab } = await open()
    await run((self) => self.update(() => Promise.resolve().then(() => update(self))) as Promise<void>)
    expect(tab.state(d).run).toMatchObject({ running: 1, error: null })
    await clock.advance(defaultLimits.eventTimeoutMs)
    expect(tab.state(d).run).toMatchObject({ running: 0, error: { code: 'event-timeout' } })
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
      for (let hold = hub.flow.current(); hold; hold = hold.outer) depth += 1
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
