import { afterEach, describe, expect, it, vi } from 'vitest'
import { defineState } from '../doors/authors.js'
import { HeldStateError, hub, ImmutableStateError, memoryStore, modifyState } from '../doors/server.js'
import { stub } from '../state/stub.js'
import type { StateStore } from '../store/store.js'
import { done, failure, gate } from '../testing/await.fixture.js'
import { testHub } from '../testing/kit.js'
import { setSlot } from './process-hub.js'

const d = defineState('d', () => ({ n: 0, rows: [] as unknown[] }))
  .private(() => ({ secret: 1 }))
  .tasks((background) => ({
    wait: background(({ sleep }) => sleep(1000)),
    count: background(async ({ update, sleep }) => {
      for (let index = 0; index < 5; index += 1) {
        await update((s) => (s.n += 1))
        await sleep(100)
      }
    }),
    fails: background(async () => {
      throw new Error('no')
    }),
  }))
  .events((on) => ({
    add: on((s, by: number) => {
      s.n += by
    }),
  }))
const other = defineState('other', () => ({ n: 0 }))

afterEach(() => setSlot(undefined))

/** A hub in its process, as `serve` starts one, and a tab of it. */
async function open(store: StateStore = memoryStore()) {
  const kit = testHub([d, other], { store })
  setSlot({ hub: kit.hub, routeKey: 'k' })
  const tab = await kit.open()
  await tab.watch(other)
  const state = await tab.watch(d)
  const { token } = tab
  return { ...kit, store, tab, token, state, d: () => tab.state(d) }
}

describe('server code', () => {
  it('is told how to start a hub when none runs', async () => {
    expect(() => hub.backgroundTasks).toThrow(expect.objectContaining({ code: 'missing-hub' }))
    await expect(async () => modifyState('0'.repeat(32), d, () => {})).rejects.toMatchObject({ code: 'missing-hub' })
    await expect(async () => hub.lock('0'.repeat(32))).rejects.toMatchObject({ code: 'missing-hub' })
  })

  it('reaches the hub of its process with a stub in place of the definition', async () => {
    const { token, clock, d: now } = await open()
    const stubbed = stub(d.manifest) as typeof d
    expect(await modifyState(token, stubbed, (s) => (s.n += 1))).toBe(1)
    await hub.lock(token).then(async (held) => {
      held.get(stubbed).n += 1
      await held[Symbol.asyncDispose]()
    })
    await clock.advance(20)
    expect(now().n).toBe(2)
  })

  it('reaches it from another copy of the library, as bundles hold one, and knows the errors of that', async () => {
    const { token, clock, d: now } = await open()
    vi.resetModules()
    const copy = await import('../doors/server.js')
    expect(copy.modifyState).not.toBe(modifyState)
    await copy.modifyState(token, d, (s) => void (s.n = 5))
    expect(copy.hub.backgroundTasks).toBe(hub.backgroundTasks)
    await clock.advance(20)
    expect(now().n).toBe(5)
    const error = await copy.modifyState('x', d, () => {}).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(copy.HeldStateError)
    expect(error).toBeInstanceOf(HeldStateError)
  })
})

describe('modifyState', () => {
  it('from a detached promise shows its change, while a task counts', async () => {
    const { token, clock, state, d: now } = await open()
    void state.count.start()
    const arrived = gate()
    void arrived.opened.then(() => modifyState(token, d, (s) => void s.rows.push('fetched')))
    await clock.advance(150)
    expect(now().rows).toEqual([])
    arrived.open()
    await clock.advance(1000)
    expect(now()).toMatchObject({ n: 5, rows: ['fetched'] })
  })

  it('holds the lock until its function has ended: the click waits, and then goes on from there', async () => {
    const { token, clock, state, d: now } = await open()
    const fetched = gate()
    const modified = modifyState(token, d, async (s) => {
      const { n } = s
      await fetched.opened
      s.n = n + 1
      return 'done'
    })
    const clicked = state.add(10)
    await clock.advance(500)
    expect(now().n).toBe(0)
    fetched.open()
    expect(await done(clock, modified)).toBe('done')
    await done(clock, clicked)
    expect(now().n).toBe(11)
  })

  it('is handled in the order in which it was called', async () => {
    const { token, clock, d: now } = await open()
    const calls = [1, 2, 3].map((mark) =>
      modifyState(token, d, async (s) => {
        await Promise.resolve()
        s.rows.push(mark)
      }),
    )
    await done(clock, Promise.all(calls))
    await clock.advance(20)
    expect(now().rows).toEqual([1, 2, 3])
  })

  it('resolves when the store has the change, private fields with it', async () => {
    const { token, store } = await open()
    await modifyState(token, d, (s) => {
      s.n = 4
      s.secret = 9
    })
    expect((await store.load(token))?.state.d).toEqual({ n: 4, rows: [], secret: 9 })
  })

  it('changes all states of the token or, when it throws, none', async () => {
    const { token, clock, tab, revision } = await open().then((opened) => ({
      ...opened,
      revision: opened.tab.revision,
    }))
    await modifyState(token, d, (s, held) => {
      expect(held.token).toBe(token)
      s.n += 1
      held.get(other).n += 1
    })
    await clock.advance(20)
    expect([tab.state(d).n, tab.state(other).n, tab.revision]).toEqual([1, 1, revision + 1])
    const wrong = modifyState(token, d, async (s, held) => {
      s.n = 50
      held.get(other).n = 50
      throw new TypeError('mine')
    })
    await expect(wrong).rejects.toThrow(TypeError)
    await clock.advance(20)
    expect([tab.state(d).n, tab.state(other).n, tab.revision]).toEqual([1, 1, revision + 1])
  })

  it('forgets what came before held.rollback()', async () => {
    const { token, clock, d: now } = await open()
    await modifyState(token, d, (s, held) => {
      s.n = 50
      held.rollback()
      held.get(d).n += 1
    })
    await clock.advance(20)
    expect(now().n).toBe(1)
  })

  it('leaves nothing behind that could be written afterwards', async () => {
    const { token } = await open()
    let leaked: { n: number } | undefined
    await modifyState(token, d, (s) => {
      leaked = s
    })
    expect(() => {
      ;(leaked as { n: number }).n = 5
    }).toThrow(ImmutableStateError)
  })

  it('fails typed for a state that nobody has defined, for a value that cannot be held, and inside itself', async () => {
    const { token, hub: held } = await open()
    const gone = stub({ id: 'gone', defaults: {}, events: [], tasks: [] }) as never as typeof d
    await expect(modifyState(token, gone, () => {})).rejects.toMatchObject({ code: 'unknown-definition' })
    await expect(modifyState(token, d, (s) => void s.rows.push(() => {}))).rejects.toMatchObject({
      code: 'invalid-value',
      message: expect.stringContaining('d.rows[0]'),
    })
    await expect(
      modifyState(token, d, async () => {
        await modifyState(token, d, () => {})
      }),
    ).rejects.toMatchObject({ code: 'nested-lock' })
    expect(held.locks.held).toBe(0)
  })
})

describe('hub.lock', () => {
  it('makes others wait until the end of its block, and shows what changed there as one revision', async () => {
    const { token, clock, tab, state, d: now } = await open()
    const revision = tab.revision
    let clicked: Promise<void> | undefined
    {
      await using held = await hub.lock(token)
      held.get(d).n = 1
      held.get(other).n = 1
      clicked = state.add(10)
      await clock.advance(100)
      expect(now().n).toBe(0)
      held.get(d).n += 1
    }
    await done(clock, clicked)
    expect([now().n, tab.state(other).n, tab.revision]).toEqual([12, 1, revision + 2])
  })

  it('lets go when its block is left by a throw', async () => {
    const { token, hub: held } = await open()
    const block = async () => {
      await using held = await hub.lock(token)
      held.rollback()
      throw new Error('mine')
    }
    await expect(block()).rejects.toThrow('mine')
    expect(held.locks.held).toBe(0)
  })

  it('of two tokens at once is refused: somebody may hold them in the other order', async () => {
    const { token, open: openTab, clock, d: now } = await open()
    const second = await openTab()
    {
      await using first = await hub.lock(token)
      await expect(hub.lock(second.token)).rejects.toMatchObject({ code: 'nested-lock' })
      first.get(d).n = 1
    }
    await using held = await hub.lock(second.token)
    held.get(d).n = 2
    await clock.advance(20)
    expect(now().n).toBe(1)
  })
})

describe('hub.backgroundTasks', () => {
  it('is a live set of all tabs, which an entry leaves when it settles, however it ended', async () => {
    const { token, clock, state, open: openTab } = await open()
    const live = hub.backgroundTasks
    const second = await openTab()
    const away = await second.watch(d)
    void state.wait.start()
    void away.wait.start()
    await clock.settle()
    expect([...live]).toMatchObject([
      { token, definition: 'd', task: 'wait' },
      { token: second.token, definition: 'd', task: 'wait' },
    ])
    const [first, last] = [...live]
    await done(clock, state.wait.cancel())
    await first?.settled
    expect([...live]).toEqual([last])
    await clock.advance(1000)
    await last?.settled
    expect(live.size).toBe(0)
    void state.fails.start()
    await clock.settle()
    expect(live.size).toBe(0)
  })
})

describe('hub.close', () => {
  it('waits for a modifyState that runs, saves it, ends tasks, and refuses what comes after', async () => {
    const { token, clock, state, store } = await open()
    void state.wait.start()
    await clock.settle()
    const fetched = gate()
    const running = modifyState(token, d, async (s) => {
      await fetched.opened
      s.n = 7
    })
    let closed = false
    const closing = hub.close().then(() => {
      closed = true
    })
    await clock.settle()
    expect(hub.backgroundTasks.size).toBe(0)
    expect(closed).toBe(false)
    await expect(modifyState(token, d, () => {})).rejects.toMatchObject({ code: 'hub-closed' })
    await expect(hub.lock(token)).rejects.toMatchObject({ code: 'hub-closed' })
    fetched.open()
    await done(clock, Promise.all([running, closing]))
    expect((await store.load(token))?.state.d).toMatchObject({ n: 7 })
    expect(hub.close()).toBe(hub.close())
    expect(
      await failure(
        clock,
        modifyState(token, d, () => {}),
      ),
    ).toMatchObject({ code: 'hub-closed' })
  })

  it('waits for a block of hub.lock, so that nothing is saved after the store is closed', async () => {
    const kept = memoryStore()
    const order: string[] = []
    const store: StateStore = {
      ...kept,
      save: (token, next) => {
        order.push('save')
        return kept.save(token, next)
      },
      close: () => void order.push('close'),
    }
    const { token, clock } = await open(store)
    order.length = 0
    const held = await hub.lock(token)
    held.get(d).n = 1
    const closing = hub.close()
    await clock.settle()
    await held[Symbol.asyncDispose]()
    await done(clock, closing)
    expect(order).toEqual(['save', 'close'])
  })
})
