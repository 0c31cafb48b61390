import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { HeldStateError } from '../base/errors.js'
import { defineState, Refusal } from '../doors/authors.js'
import { memoryStore } from '../doors/server.js'
import { ownershipLost } from '../store/errors.js'
import type { StateStore, Stored } from '../store/store.js'
import { done, failure, gate } from '../testing/await.fixture.js'
import { testHub } from '../testing/kit.js'

const d = defineState('d', () => ({ n: 0, seen: [] as number[] }))
  .tasks((background) => ({
    count: background(async ({ update, sleep }) => {
      for (;;) {
        await update((s) => void (s.n += 1))
        await sleep(100)
      }
    }),
    once: background(async () => {}),
    forever: background(async ({ sleep }) => {
      for (;;) await sleep(1000)
    }),
    fails: background(async ({ lock }) => {
      await using held = await lock()
      throw new Refusal(`saw ${held.state.n}`)
    }),
    sure: background({ durable: true }, async ({ update }) => {
      await update((s) => void (s.n += 10))
    }),
  }))
  .events((on, { sure }) => ({
    add: on((s) => {
      s.seen.push(s.n)
      s.n += 1
    }),
    look: on(() => {}),
    number: on(z.number(), (s, by) => {
      s.n += by
    }),
    refuse: on((s) => {
      throw new Refusal(`it is ${s.n}`)
    }),
    later: on(async (s) => {
      s.n += 1
    }),
    slowly: on(async (s) => {
      await slow.opened
      s.n += 100
    }),
    steps: on(async function* (s) {
      s.n += 1
      yield
      await slow.opened
      s.n += 1
    }),
    begin: on((s) => {
      s.n += 1
      return sure()
    }),
  }))

let slow = gate()

/** A store whose saves wait for the test, one after the other. */
async function open(limits?: object) {
  slow = gate()
  const kept = memoryStore()
  const waiting: { keep(): void; end(error?: unknown): void; next: Stored }[] = []
  let waits = false
  const store: StateStore = {
    ...kept,
    save: (token, next) => {
      if (!waits) return kept.save(token, next)
      return new Promise((resolve, reject) => {
        const keep = () => kept.save(token, next)
        const end = (error?: unknown) => {
          if (error) return reject(error)
          keep()
          resolve()
        }
        waiting.push({ keep, end, next })
      })
    },
  }
  const kit = testHub([d], { store, ...(limits && { limits }) })
  const tab = await kit.open()
  const state = await tab.watch(d)
  waits = true
  /** Ends the save under way. */
  const end = async (error?: unknown) => {
    const save = waiting.shift()
    if (!save) throw new Error('expected a save')
    save.end(error)
    await kit.clock.settle()
    return save.next
  }
  const fields = () => {
    const { n, seen } = tab.state(d)
    return { n, seen }
  }
  const keep = (next: Stored) => kept.save(tab.token, next)
  return { ...kit, keep, tab, state, end, waiting, kept: () => kept.read(tab.token) as Stored, d: fields }
}

type Opened = Awaited<ReturnType<typeof open>>

const full = new Error('disk full')

describe('while a save is under way', () => {
  it('changes are made one on the other, and go out together with the next', async () => {
    const { clock, state, end, waiting, d, tab } = await open()
    const before = tab.revision
    const calls = Array.from({ length: 5 }, () => state.add())
    await clock.settle()
    expect(waiting.map(({ next }) => next.state.d)).toEqual([{ n: 1, seen: [0] }])
    await clock.advance(1000)
    expect(d().n).toBe(0)
    await end()
    await done(clock, calls[0] as Promise<void>)
    expect(d().n).toBe(1)
    expect(waiting.map(({ next }) => next.state.d)).toEqual([{ n: 5, seen: [0, 1, 2, 3, 4] }])
    let settled = false
    void calls[1]?.then(() => (settled = true))
    await clock.advance(1000)
    expect([settled, d().n]).toEqual([false, 1])
    await end()
    await done(clock, Promise.all(calls))
    expect([d().n, tab.revision, waiting.length]).toEqual([5, before + 2, 0])
  })

  it('the lock is free, for whoever wants it', async () => {
    const { clock, state, tab, end, hub, d: now } = await open()
    const called = state.add()
    await clock.settle()
    expect(hub.locks.held).toBe(0)
    const seen: number[] = []
    const modified = hub.modifyState(tab.token, d, (s) => {
      seen.push(s.n)
      s.n = 7
    })
    await clock.settle()
    expect(seen).toEqual([1])
    await end()
    await end()
    await done(clock, Promise.all([called, modified]))
    await clock.advance(100)
    expect(now().n).toBe(7)
  })

  it('what is kept says of a page how far its calls have come, also of those that failed or changed nothing', async () => {
    const { clock, state, end, kept } = await open()
    const calls = [state.add(), state.refuse(), state.add(), state.look(), state.add()]
    const outcomes = Promise.allSettled(calls)
    await clock.settle()
    await end()
    expect(kept().calls).toMatchObject([{ done: 2, ends: [] }])
    await clock.settle()
    await end()
    expect(kept().calls).toMatchObject([{ done: 4, ends: [{ id: 3, failure: { message: 'it is 1' } }] }])
    await clock.settle()
    await end()
    expect(kept().calls).toMatchObject([{ done: 6, ends: [{ id: 3 }] }])
    const statuses = (await done(clock, outcomes)).map(({ status }) => status)
    expect(statuses).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled'])
  })

  it.each(['refuse', 'look'] as const)('%s is answered when what it has seen is kept', async (event) => {
    const { clock, state, end } = await open()
    const first = state.add()
    let settled = false
    const second = state[event]().then(
      () => 'fine',
      (error: Error) => error.message,
    )
    void second.then(() => (settled = true))
    await clock.advance(1000)
    expect(settled).toBe(false)
    await end()
    await done(clock, first)
    expect(await done(clock, second)).toBe(event === 'look' ? 'fine' : 'it is 1')
  })

  it('a generator shows what it has yielded when that is kept, and goes on only then', async () => {
    const { clock, state, end, waiting, d } = await open()
    const calls = [state.add(), state.steps(), state.add()]
    slow.open()
    await clock.settle()
    await end()
    expect([d().n, waiting[0]?.next.state.d]).toEqual([1, { n: 2, seen: [0] }])
    expect(waiting[0]?.next.calls).toMatchObject([{ done: 3, ends: [{ id: 3, failure: { code: 'interrupted' } }] }])
    await end()
    await clock.advance(20)
    expect([d().n, waiting[0]?.next.calls]).toMatchObject([2, [{ done: 3, ends: [] }]])
    await end()
    await end()
    await done(clock, Promise.all(calls))
    expect(d()).toEqual({ n: 4, seen: [0, 3] })
  })

  it('the start of a durable task waits until nothing is pending, and is saved alone', async () => {
    const { clock, state, end, waiting, d, hub } = await open()
    const calls = [state.add(), state.add(), state.begin(), state.add()]
    await clock.settle()
    await end()
    expect(waiting).toHaveLength(1)
    const { next } = waiting[0] as { next: Stored }
    expect([next.state.d, next.running]).toMatchObject([{ n: 2 }, []])
    await end()
    expect(waiting.map(({ next }) => [next.state.d, next.running.length])).toMatchObject([[{ n: 3 }, 1]])
    expect(hub.backgroundTasks.size).toBe(0)
    await end()
    while (waiting.length > 0) await end()
    await done(clock, Promise.all(calls))
    expect(d()).toMatchObject({ n: 14 })
  })

  it('not more changes wait than the bound allows, then the lock is held', async () => {
    const { clock, tab, hub, end, waiting, d: now } = await open()
    const made: Promise<unknown>[] = []
    for (let count = 0; count < 1_200; count += 1) made.push(hub.modifyState(tab.token, d, (s) => void (s.n += 1)))
    await clock.settle()
    expect(hub.locks.held).toBe(1)
    await end()
    expect(waiting[0]?.next.state.d).toMatchObject({ n: 1_001 })
    await end()
    expect(hub.locks.held).toBe(0)
    while (waiting.length > 0) await end()
    await done(clock, Promise.all(made))
    await clock.advance(100)
    expect(now().n).toBe(1_200)
  })

  it('calls that wait for it count for the bound of a tab', async () => {
    const { clock, state, end } = await open({ callsPerTab: 3 })
    const calls: Promise<void>[] = []
    for (let count = 0; count < 3; count += 1) {
      calls.push(state.add())
      await clock.settle()
    }
    expect(await failure(clock, state.add())).toMatchObject({ code: 'inbox-full' })
    await end()
    await end()
    await done(clock, Promise.all(calls))
  })

  it('a page that comes back waits for the calls of its old connection', async () => {
    const { clock, state, end, tab, d } = await open()
    const calls = [state.add(), state.add()]
    await clock.settle()
    tab.drop()
    await tab.reconnect()
    const more = state.add()
    await clock.settle()
    await end()
    await end()
    await end()
    await done(clock, Promise.all([...calls, more]))
    expect(d()).toEqual({ n: 3, seen: [0, 1, 2] })
  })

  it('a hub that closes waits for all of it', async () => {
    const { clock, state, end, hub, kept } = await open()
    for (const call of [state.add(), state.add()]) call.catch(() => {})
    await clock.settle()
    const closed = hub.close()
    await end()
    await end()
    await done(clock, closed)
    expect(kept().state.d).toMatchObject({ n: 2 })
  })
})

describe('when the save under way fails', () => {
  it('what was built on it fails as well, nothing of it is shown, and the next one begins with what is kept', async () => {
    const { clock, state, end, waiting, d, tab } = await open()
    const before = tab.revision
    const calls = [state.add(), state.add(), state.look(), state.refuse()].map((call) => failure(clock, call))
    await clock.settle()
    await end(full)
    const [first, ...others] = (await done(clock, Promise.all(calls))) as HeldStateError[]
    expect(first).toMatchObject({ code: 'save-failed', message: expect.stringContaining('Nothing was changed') })
    expect(others[0]).toMatchObject({ code: 'save-failed', message: expect.stringContaining('depended on a change') })
    expect(waiting).toEqual([])
    expect([d().n, tab.revision]).toEqual([0, before])
    const next = state.add()
    await clock.settle()
    await end()
    await done(clock, next)
    expect([d(), tab.revision]).toEqual([{ n: 1, seen: [0] }, before + 1])
  })

  it('a handler that runs on top of it saves nothing', async () => {
    const { clock, state, end, waiting, d } = await open()
    const first = failure(clock, state.add())
    const second = state.slowly()
    const refused = failure(clock, second)
    await clock.settle()
    await end(full)
    slow.open()
    expect((await done(clock, Promise.all([first, refused]))).map(({ code }) => code)).toEqual([
      'save-failed',
      'save-failed',
    ])
    expect([waiting.length, d().n]).toEqual([0, 0])
  })

  it.each([
    ['it was taken over', ownershipLost()],
    ['its store is closed', new HeldStateError('hub-closed', 'The store is closed.')],
  ])('since %s, so do all others', async (_, error) => {
    const { clock, tab, hub, end } = await open()
    const change = () => hub.modifyState(tab.token, d, (s) => void (s.n += 1))
    const calls = [change(), change(), change()].map((call) => failure(clock, call))
    await clock.settle()
    await end(error)
    for (const { code } of await done(clock, Promise.all(calls))) expect(code).toBe(error.code)
  })

  it.each<[string, (opened: Opened) => Promise<unknown>]>([
    ['an event that waits for the lock', ({ state }) => state.add()],
    ['the start of a task', ({ state }) => state.once.start()],
    ['an event whose arguments are refused', ({ state }) => state.number('no' as never)],
  ])('since the token was taken over, %s that came after it has no effect before it', async (_, call) => {
    const opened = await open()
    const { clock, state, tab, hub, end, waiting, kept, d: fields } = opened
    const first = state.add()
    await clock.settle()
    const holder = hub.modifyState(tab.token, d, () => slow.opened)
    holder.catch(() => {})
    const second = call(opened)
    second.catch(() => {})
    await clock.settle()
    await end(ownershipLost())
    slow.open()
    await clock.settle()
    expect((kept()?.calls ?? []).flatMap(({ done: through }) => (through > 1 ? [through] : []))).toEqual([])
    expect(waiting).toEqual([])
    await tab.reconnect()
    await clock.settle()
    while (waiting.length > 0) await end()
    await done(clock, first)
    expect(fields().seen[0]).toBe(0)
    await done(
      clock,
      second.catch(() => {}),
    )
  })

  it('but was kept all the same, what was built on it goes on', async () => {
    const { clock, state, end, waiting, d } = await open()
    const calls = [state.add(), state.add()]
    await clock.settle()
    waiting[0]?.keep()
    await end(full)
    await end()
    await done(clock, Promise.all(calls))
    expect(d()).toEqual({ n: 2, seen: [0, 1] })
  })

  const other = (n: number) => ({ n, seen: [] })

  it('and another process has saved something else in its place, nothing of it is claimed', async () => {
    const { clock, state, end, waiting, kept, keep, d } = await open()
    const call = failure(clock, state.add())
    await clock.settle()
    const { next } = waiting[0] as { next: Stored }
    keep({ ...next, state: { d: other(50) }, calls: kept()?.calls ?? [] })
    await end(full)
    expect(await call).toMatchObject({
      code: 'save-failed',
      message: expect.stringContaining('Nothing was changed'),
    })
    expect(d().n).toBe(50)
  })

  it('but was kept, and another process has gone on from it, it is done, and what that one made of it is shown', async () => {
    const { clock, state, end, waiting, keep, d, tab } = await open()
    const call = state.add()
    await clock.settle()
    const { next } = waiting[0] as { next: Stored }
    waiting[0]?.keep()
    keep({ ...next, revision: next.revision + 1, state: { d: other(60) } })
    await end(full)
    await done(clock, call)
    expect([d().n, tab.revision]).toEqual([60, next.revision + 1])
  })

  it('and others have gone on, of a change without a name it is said that nobody knows', async () => {
    const { clock, tab, hub, end, waiting, keep } = await open()
    const change = failure(
      clock,
      hub.modifyState(tab.token, d, (s) => void (s.n += 1)),
    )
    await clock.settle()
    const { next } = waiting[0] as { next: Stored }
    waiting[0]?.keep()
    keep({ ...next, revision: next.revision + 1, state: { d: other(60) } })
    await end(full)
    expect(await change).toMatchObject({
      code: 'save-failed',
      message: expect.stringContaining('may or may not be saved'),
    })
  })

  it('what was built on it and has failed by itself says what is known of its own', async () => {
    const { clock, state, end, hub } = await open()
    const first = state.add()
    const calls = [state.add(), state.add()].map((call) => failure(clock, call))
    await clock.settle()
    await end()
    await done(clock, first)
    hub.store.load = () => {
      throw new Error('out of reach')
    }
    await end(full)
    for (const call of calls)
      expect(await call).toMatchObject({
        code: 'save-failed',
        message: expect.stringContaining('may or may not be saved'),
      })
  })

  it.each<[string, (opened: Opened) => Promise<unknown>]>([
    ['in a group', ({ state }) => state.add()],
    [
      'by a handler that runs on',
      ({ state }) => {
        const call = state.slowly()
        return call
      },
    ],
  ])(
    'but was kept, and another process has gone on from it, nothing built on it %s takes that back',
    async (_, call) => {
      const opened = await open()
      const { clock, state, end, waiting, keep, kept, tab } = opened
      const first = state.add()
      const second = call(opened)
      await clock.settle()
      const { next } = waiting[0] as { next: Stored }
      waiting[0]?.keep()
      keep({ ...next, revision: next.revision + 1, state: { d: other(60) } })
      await end(full)
      slow.open()
      await clock.settle()
      expect([waiting.length, kept().state.d]).toEqual([0, other(60)])
      if (tab.connection !== 'live') await tab.reconnect() // it sends the call again
      await clock.settle()
      while (waiting.length > 0) await end()
      await done(clock, Promise.all([first, second]))
      expect(kept().state.d).toMatchObject({ n: expect.toSatisfy((n: number) => n === 61 || n === 160) })
    },
  )

  it('and another process has made the same calls, of a change beside them without a name nobody says that it was kept', async () => {
    const { clock, state, end, waiting, kept, keep, hub, tab } = await open()
    const first = state.add()
    await clock.settle()
    const modified = failure(
      clock,
      hub.modifyState(tab.token, d, (s) => void (s.n += 10)),
    )
    const second = state.add()
    await clock.settle()
    await end()
    await done(clock, first)
    const { next } = waiting[0] as { next: Stored }
    keep({ ...next, state: { d: other(2) } })
    keep({ ...next, revision: next.revision + 1, state: { d: other(3) } })
    await end(full)
    expect(await modified).toMatchObject({
      code: 'save-failed',
      message: expect.stringContaining('may or may not be saved'),
    })
    await done(clock, second)
    expect(kept().state.d).toEqual(other(3))
  })

  it('and another process has made the same call with another outcome, it has its answer, and what that one made is shown', async () => {
    const { clock, state, end, waiting, keep, hub, tab, d: fields } = await open()
    const call = state.add()
    await clock.settle()
    const { next } = waiting[0] as { next: Stored }
    keep({ ...next, state: { d: other(7) } })
    await end(full)
    await done(clock, call)
    await clock.advance(20)
    expect(fields().n).toBe(7)
    expect(hub.instance(tab.token).calls).toMatchObject([{ ends: [] }])
  })

  it('and another process has started the same durable task, it is started once', async () => {
    const { clock, state, end, waiting, keep, kept, hub } = await open()
    const call = state.begin()
    await clock.settle()
    const { next } = waiting[0] as { next: Stored }
    keep({ ...next, running: next.running.map((run) => ({ ...run, run: 'another', node: 'another' })) })
    await end(full)
    await done(clock, call)
    expect([...hub.backgroundTasks].map(({ id }) => id)).toEqual([])
    for (let count = 0; count < 5 && waiting.length > 0; count += 1) await end() // that process has ended: this one goes on with it
    expect([kept().state.d, kept().running]).toEqual([{ n: 11, seen: [] }, []])
  })

  it.each(['later', 'steps', 'slowly'] as const)(
    'and its own end is unknown, %s is not told that nothing was kept',
    async (event) => {
      const { clock, state, end, hub, waiting } = await open()
      const first = state.add()
      const second = failure(clock, state[event]())
      slow.open()
      await clock.settle()
      await end()
      await done(clock, first)
      hub.store.load = () => {
        throw new Error('out of reach')
      }
      waiting[0]?.keep()
      await end(full)
      expect(await second).toMatchObject({
        code: 'save-failed',
        message: expect.stringContaining('may or may not be saved'),
      })
    },
  )

  it('of somebody else, a call that is sent again and was kept is answered as done', async () => {
    const { clock, hub, tab, end } = await open()
    const instance = hub.instance(tab.token)
    const change = failure(
      clock,
      hub.modifyState(tab.token, d, (s) => void (s.n += 1)),
    )
    await clock.settle()
    const owned = hub.takeOwnership(instance) // as it is for such a call
    await end(full)
    await change
    await done(clock, Promise.resolve(owned))
    expect(instance.role).toBe('owner')
  })

  it('what a task has seen of it under the lock is not shown', async () => {
    const { clock, hub, tab, end, state } = await open()
    const change = failure(
      clock,
      hub.modifyState(tab.token, d, (s) => void (s.n = 41)),
    )
    await clock.settle()
    await done(clock, state.fails.start())
    await clock.advance(20)
    expect(tab.state(d).fails.error).toBeNull()
    await end(full)
    await change
    await clock.advance(20)
    expect(tab.state(d).fails.error?.message).toBe('saw 0')
  })
})

it('a cancel does not overtake the start that it means, which waits for calls before it', async () => {
  const { clock, state, end, hub } = await open()
  const calls = [state.add(), state.forever.start(), state.forever.cancel()]
  await clock.settle()
  await end()
  await clock.advance(3000)
  await done(clock, Promise.all(calls))
  expect(hub.backgroundTasks.size).toBe(0)
})
