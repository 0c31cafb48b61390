import { describe, expect, it } from 'vitest'
import { defineState } from '../doors/authors.js'
import { memoryStore } from '../doors/server.js'
import { Registry } from '../state/registry.js'
import type { Memory } from '../store/memory.js'
import type { StateStore } from '../store/store.js'
import { done, failure, gate } from '../testing/await.fixture.js'
import { testHub } from '../testing/kit.js'

class Point {
  x = 1
}

const cycle: { self?: unknown } = {}
cycle.self = cycle

const d = defineState('d', () => ({ n: 0, any: null as unknown, rows: [] as unknown[] }))
  .tasks((background) => ({
    increments: background(async ({ update }, times: number) => {
      for (let index = 0; index < times; index += 1)
        await update(async (s) => {
          const { n } = s
          if (index % 3 === 0) await Promise.resolve()
          s.n = n + 1
        })
    }),
    blocks: background(async (self, times: number) => {
      for (let index = 0; index < times; index += 1) {
        await using held = await self.lock()
        const { n } = held.state
        if (index % 3 === 0) await Promise.resolve()
        held.state.n = n + 1
      }
    }),
  }))
  .events((on) => ({
    set: on((s, n: number) => {
      s.n = n
    }),
    put: on((s, what: string) => {
      s.n = 5
      s.any = what in values ? values[what as keyof typeof values] : what
    }),
    nest: on((s) => {
      s.rows = [{ ok: 1 }, { bad: [0, () => {}] }]
    }),
    undeclared: on((s) => {
      s.n = 5
      ;(s as { extra?: number }).extra = 1
    }),
    twice: on(async function* (s) {
      s.n = 1
      yield
      s.n = 2
    }),
  }))

const values = {
  aFunction: () => {},
  aPoint: new Point(),
  aCycle: cycle,
  aSymbol: Symbol('s'),
  aPromise: Promise.resolve(),
  aRegExp: /x/,
  aHole: Object.assign([1], { 2: 2 }),
  aLongBigint: 10n ** 10_000n,
  aGetter: Object.defineProperty({}, 'x', { get: () => 1, enumerable: true }),
}

async function open(store?: StateStore) {
  const kit = testHub([d], store ? { store } : {})
  const tab = await kit.open()
  return { ...kit, tab, state: await tab.watch(d), d: () => tab.state(d) }
}

describe('values', () => {
  it.each(Object.keys(values))('refuses %s, names its path, and keeps nothing of the change', async (what) => {
    const { clock, state, d } = await open()
    expect(await failure(clock, state.put(what))).toMatchObject({
      code: 'invalid-value',
      message: expect.stringContaining('d.any'),
    })
    expect(d()).toMatchObject({ n: 0, any: null })
    await done(clock, state.put('fine'))
    expect(d()).toMatchObject({ n: 5, any: 'fine' })
  })

  it('names the whole path of a deep value', async () => {
    const { clock, state } = await open()
    expect((await failure(clock, state.nest())).message).toContain('d.rows[1].bad[1]')
  })

  it('refuses a field that was not declared, and keeps nothing of the change', async () => {
    const { clock, state, d } = await open()
    const error = await failure(clock, state.undeclared())
    expect(error).toMatchObject({ code: 'undeclared-field', message: expect.stringContaining('"extra"') })
    expect(d().n).toBe(0)
    expect(d()).not.toHaveProperty('extra')
  })
})

describe('one writer', () => {
  it.each(['increments', 'blocks'] as const)('makes exactly N·M of N tasks with M %s each', async (task) => {
    const { clock, tab, state, hub, d: now } = await open()
    for (let index = 0; index < 10; index += 1) void state[task].start(20)
    await clock.settle()
    for (let index = 0; index < 10; index += 1) void hub.modifyState(tab.token, d, (s) => void (s.n += 1))
    await clock.advance(1000)
    expect(now()).toMatchObject({ n: 210, [task]: { running: 0, error: null } })
    expect(hub.locks.held).toBe(0)
  })
})

describe('saved before shown', () => {
  const slow = () => {
    let saving = gate()
    const kept = memoryStore()
    const store: StateStore = {
      ...kept,
      save: async (token, next) => {
        await saving.opened
        return kept.save(token, next)
      },
    }
    return {
      store,
      hold: () => {
        saving = gate()
      },
      letGo: () => saving.open(),
    }
  }

  it('shows a change only when the store has it', async () => {
    const { store, hold, letGo } = slow()
    letGo()
    const { clock, state, d } = await open(store)
    hold()
    const called = state.set(7)
    await clock.advance(1000)
    expect(d().n).toBe(0)
    letGo()
    await done(clock, called)
    expect(d().n).toBe(7)
  })

  it('shows nothing of a change that could not be saved, and the next one works', async () => {
    const kept = memoryStore()
    let broken = false
    const store: StateStore = {
      ...kept,
      save: async (token, next) => {
        if (broken) throw new Error('disk full')
        await kept.save(token, next)
      },
    }
    const { clock, state, d, tab, log, hub } = await open(store)
    broken = true
    const before = tab.revision
    const error = await failure(clock, state.set(7))
    expect(error.code).toBe('save-failed')
    expect(error.message).not.toContain('disk full')
    expect(log.lines.join()).toContain('disk full')
    await clock.advance(100)
    expect(d().n).toBe(0)
    expect(tab.revision).toBe(before)
    broken = false
    await done(clock, state.set(8))
    expect(d().n).toBe(8)
    expect(tab.revision).toBe(before + 1)
    expect(hub.locks.held).toBe(0)
  })

  it('does the same for a store that throws at once, and in the middle of a generator', async () => {
    const kept = memoryStore()
    let left = Number.POSITIVE_INFINITY
    const store: StateStore = {
      ...kept,
      save: (token, next) => {
        left -= 1
        if (left < 0) throw new Error('disk full')
        return kept.save(token, next)
      },
    }
    const { clock, state, d } = await open(store)
    left = 1
    expect(await failure(clock, state.twice())).toMatchObject({ code: 'save-failed' })
    expect(d().n).toBe(1)
    left = 2
    await done(clock, state.twice())
    expect(d().n).toBe(2)
  })

  it('takes a save that failed although it was kept for what it was: done', async () => {
    const kept = memoryStore()
    let lies = false
    const store: StateStore = {
      ...kept,
      save: (token, next) => {
        kept.save(token, next)
        if (lies) throw new Error('timeout')
      },
    }
    const { clock, state, d } = await open(store)
    lies = true
    await done(clock, state.set(3))
    expect(d().n).toBe(3)
    lies = false
    await done(clock, state.put('x'))
    expect(d()).toMatchObject({ n: 5, any: 'x' })
  })

  it('shows nothing of a state whose first values are not saved yet', async () => {
    const kept = memoryStore()
    let slow: Promise<void> | undefined
    const store: StateStore = {
      ...kept,
      save: async (token, next) => {
        await slow
        return kept.save(token, next)
      },
    }
    const other = defineState('other', () => ({ rows: [1] })).computed({ count: (s) => s.rows.length })
    const { clock, tab, hub, log } = await open(store)
    hub.registry.add(other)
    const waiting = gate()
    slow = waiting.opened
    const watching = tab.watch(other)
    hub
      .instance(tab.token)
      .runs.setStatus('d', 'run', { running: 1, waiting: 0, progress: null, note: null, error: null, outcome: null })
    await clock.advance(50)
    expect(log.lines).toEqual([])
    waiting.open()
    await watching
    await clock.advance(50)
    expect(tab.state(other)).toMatchObject({ rows: [1], count: 1 })
  })

  it('tries again to save the migration of a state that a tab watches, less and less often, and no more once the tab is gone', async () => {
    const kept = memoryStore()
    let full = false
    let tries = 0
    const store: StateStore = {
      ...kept,
      save: (token, next) => {
        tries += 1
        if (full) throw new Error('the disk is full')
        return kept.save(token, next)
      },
    }
    const older = defineState('other', () => ({ rows: [1] }))
    const registry = new Registry()
    const { hub, clock, open: openTab, done } = testHub([older], { store, registry })
    const [tab, gone] = [await openTab(), await openTab()]
    for (const { token } of [tab, gone]) await done(hub.modifyState(token, older, (s) => void s.rows.push(2)))
    full = true
    tries = 0
    const other = defineState('other', () => ({ rows: [1], more: 0 })).computed({ count: (s) => s.rows.length })
    registry.replace([{ source: 'a test', exports: { other } }])
    await tab.watch(other)
    await gone.watch(other)
    expect(tab.revision).toBe(1)
    expect(tries).toBe(2)
    gone.close()
    await clock.advance(1500)
    const after = tries
    await clock.advance(10_000)
    expect(tries - after).toBe(2) // after 1, 2 and 4 seconds
    full = false
    await clock.advance(20_000)
    expect([tab.revision, tab.state(other).rows]).toEqual([2, [1, 2]])
    expect(tab.reports).toEqual([expect.stringContaining('The change could not be saved')])
    await hub.close()
    expect(clock.running).toBe(0)
  })

  it('answers a load that fails with a typed failure, and disturbs nobody', async () => {
    const kept = memoryStore()
    let broken = true
    const store: StateStore = {
      ...kept,
      load: (token) => {
        if (broken) throw new Error('no route to host')
        return kept.load(token)
      },
    }
    const { clock, tab, state, d } = await open(store)
    expect(tab.reports.join()).not.toContain('no route')
    expect(await failure(clock, state.set(1))).toMatchObject({ code: 'load-failed' })
    broken = false
    await done(clock, state.set(2))
    expect(d().n).toBe(2)
  })

  it('makes a change that another process was faster than anew, from what that one has saved, once the tab is back', async () => {
    const memory: Memory = new Map()
    const { clock, tab, state } = await open(memoryStore(memory))
    const other = memoryStore(memory)
    const held = await other.load(tab.token)
    await other.save(tab.token, {
      revision: (held?.revision ?? 0) + 1,
      state: { d: { n: 50, any: null, rows: [] } },
      calls: [],
      running: [],
      ended: [],
      shapes: {},
    })
    const call = state.set(1)
    await clock.settle()
    expect(tab.connection).toBe('reconnecting')
    expect(memory.get(tab.token)?.stored.state.d).toMatchObject({ n: 50 })
    await tab.reconnect()
    await done(clock, call)
    expect(memory.get(tab.token)?.stored).toMatchObject({ revision: (held?.revision ?? 0) + 2, state: { d: { n: 1 } } })
  })
})
