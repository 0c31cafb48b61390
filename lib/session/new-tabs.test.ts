/** Tabs that come without a token, and what they leave. */
import { describe, expect, it } from 'vitest'
import type { HeldStateError } from '../base/errors.js'
import { defaultLimits } from '../base/limits.js'
import { processLimits } from '../base/server-limits.js'
import { defineState } from '../doors/authors.js'
import { readState } from '../instance/read.js'
import { newToken } from '../instance/token.js'
import { protocolVersion } from '../protocol/version.js'
import { type Memory, memoryStore } from '../store/memory.js'
import { TestClock } from '../testing/clock.js'
import { TestTab, testHub } from '../testing/kit.js'

const d = defineState('d', () => ({
  n: 0,
  id: crypto.randomUUID(),
  chance: Math.random(),
  at: Date.now(),
  made: new Date(),
}))
  .private(() => ({ key: crypto.getRandomValues(new Uint8Array(4)).join() }))
  .events((on) => ({
    add: on((s) => {
      s.n += 1
    }),
    look: on(() => {}),
    fail: on(() => {
      throw new Error('no')
    }),
  }))
const big = defineState('big', () => ({ rows: [] as string[] })).events((on) => ({
  fill: on((s) => {
    s.rows = Array.from({ length: 1_000 }, (_, n) => `${n}`.padEnd(100, 'x'))
  }),
  add: on((s) => {
    s.rows.push('more')
  }),
}))

function counting() {
  const memory: Memory = new Map()
  let saves = 0
  const store = memoryStore(memory)
  return {
    memory,
    saves: () => saves,
    store: {
      ...store,
      save: (token: string, next: Parameters<typeof store.save>[1]) => {
        saves += 1
        return store.save(token, next)
      },
    },
  }
}

describe('a tab that changes nothing', () => {
  it('is not saved, and leaves nothing behind', async () => {
    const { memory, saves, store } = counting()
    const { open, hub, clock, done } = testHub([d, big], { store })
    for (let n = 0; n < 50; n += 1) {
      const tab = await open()
      const state = await tab.watch(d)
      await tab.watch(big)
      await done(tab.tab.call('d', 'nothing', []).catch(() => {}))
      expect(state.n).toBe(0)
      tab.close()
    }
    await clock.advance(processLimits.windowMs + 1)
    expect([saves(), memory.size, hub.instances.size, hub.locks.size, hub.sessions.size, clock.running]).toEqual([
      0, 0, 0, 0, 0, 0,
    ])
  })

  it('keeps its first values over a restart, and in another process', async () => {
    const { open, crash, clock } = testHub([d])
    await clock.advance(5_000)
    const tab = await open()
    const { n, id, chance, at, made } = await tab.watch(d)
    expect([n, at, made.getTime()]).toEqual([0, 5_000, 5_000])
    await clock.advance(60_000)
    crash()
    await tab.reconnect()
    expect(tab.state(d)).toMatchObject({ n, id, chance, at, made })
    const other = testHub([d])
    await other.clock.advance(90_000)
    expect(await readState(other.hub, tab.token, 'd')).toMatchObject({ n, id, chance, at })
    expect((await other.open()).tab).toBeDefined()
  })

  it('has first values of its own, which its token alone does not tell', async () => {
    const { open } = testHub([d])
    const [one, two] = [await open(), await open()]
    const values = [await one.watch(d), await two.watch(d)].map(({ id, chance }) => [id, chance])
    expect(values[0]).not.toEqual(values[1])
    const stranger = testHub([d], { secret: 'another secret' })
    expect(await readState(stranger.hub, one.token, 'd')).not.toMatchObject({ id: values[0]?.[0] })
  })

  it('leaves time and chance of the process as they were', async () => {
    const before = [Date, Math.random, crypto.randomUUID, crypto.getRandomValues]
    const { open } = testHub([d])
    await (await open()).watch(d)
    expect([Date, Math.random, crypto.randomUUID, crypto.getRandomValues]).toEqual(before)
    expect(Object.keys(globalThis)).not.toContain('Date')
  })
})

describe('a tab that has called', () => {
  it.each(['look', 'fail'] as const)(
    '%s is answered the same when it comes back after it was unloaded',
    async (event) => {
      const { open, hub, clock, done } = testHub([d])
      const tab = await open()
      const state = await tab.watch(d)
      const first = await done(state[event]().catch((error) => error.code))
      tab.drop()
      await clock.advance(hub.limits.unloadMs + 1)
      expect(hub.instances.size).toBe(0)
      await tab.reconnect()
      const { calls } = hub.instance(tab.token)
      expect(calls[0]?.done).toBe(2) // the watch, and the call
      expect(first).toBe(event === 'fail' ? 'handler-failed' : undefined)
    },
  )

  it('leaves the memory after its time, and is dropped after its other', async () => {
    const { memory, store } = counting()
    const { open, hub, clock, done } = testHub([d], { store })
    const tab = await open()
    await done((await tab.watch(d)).add())
    tab.drop()
    await clock.advance(hub.limits.unloadMs - 1)
    expect(hub.instances.size).toBe(1)
    await clock.advance(2)
    expect([hub.instances.size, hub.locks.size, memory.size]).toEqual([0, 0, 1])
    await clock.advance(hub.limits.retainMs)
    expect(memory.size).toBe(0)
    expect(clock.running).toBe(0)
  })

  it('goes on where it was when it comes back in between', async () => {
    const { open, hub, clock, done } = testHub([d])
    const tab = await open()
    await done((await tab.watch(d)).add())
    tab.drop()
    await clock.advance(hub.limits.retainMs / 2)
    await tab.reconnect()
    expect(tab.state(d).n).toBe(1)
    await done(tab.state(d).add())
    tab.drop()
    await clock.advance(hub.limits.retainMs - 1_000)
    await tab.reconnect()
    expect(tab.state(d).n).toBe(2)
  })

  it('leaves the memory at once where states together take too much of it', async () => {
    const heapBytes = 250_000 / processLimits.statesOfHeap
    const { open, hub, clock, done } = testHub([big], { heapBytes, store: { ...memoryStore(), inMemory: false } })
    for (let n = 0; n < 10; n += 1) {
      const tab = await open()
      await done((await tab.watch(big)).fill())
      tab.drop()
    }
    await clock.advance(100)
    expect(hub.instances.size).toBeLessThan(3)
  })
})

describe('a session that has ended', () => {
  it('keeps nothing of its connection', async () => {
    const { open, hub, done } = testHub([d])
    const tab = await open()
    await done((await tab.watch(d)).add())
    const [session] = hub.sessions
    const gone = new WeakRef(session as object)
    tab.close()
    expect(hub.sessions.size).toBe(0)
    const pages = (
      hub.connections as unknown as { earlier: { byToken: Map<string, Map<string, { earlier: object }>> } }
    ).earlier
    const [trace] = [...pages.byToken.values()].flatMap((byPage) => [...byPage.values()])
    expect(trace?.earlier).not.toBe(gone.deref())
    expect(Object.keys(trace?.earlier ?? {})).toEqual(['history', 'busy'])
  })

  it('can be gone on from for a minute, by the difference', async () => {
    const { open, clock, done, hub } = testHub([big])
    const tab = await open()
    await done((await tab.watch(big)).fill())
    const rest = async (ms: number) => {
      tab.drop()
      await clock.advance(ms)
      await tab.reconnect()
      return tab.wire.received.at(-1)?.[0]
    }
    expect(await rest(processLimits.windowMs - 1_000)).toBe('r')
    expect(await rest(processLimits.windowMs + 1_000)).toBe('w')
    expect(hub.memory.windows.bytes).toBe(0)
  })
})

describe('an address', () => {
  const hello = { version: protocolVersion, page: 'a'.repeat(32), subscriptions: [[0, 'tab', []]] }
  const knock = (kit: ReturnType<typeof testHub>, address: string | undefined, token?: string) => {
    const connection = { address, send: () => {}, close: () => {} }
    try {
      kit.hub.connect(connection, { ...hello, ...(token && { token }) }, 'browser')
      return 'welcome'
    } catch (error) {
      return (error as { code: string }).code
    }
  }

  it('opens a burst of new tabs at once, and so many a second after that', async () => {
    const kit = testHub([d])
    const { newTabsBurst, newTabsPerSecond } = defaultLimits
    const answers = Array.from({ length: newTabsBurst + 5 }, () => knock(kit, '127.0.0.2'))
    expect(answers.filter((answer) => answer === 'welcome')).toHaveLength(newTabsBurst)
    expect(answers.at(-1)).toBe('too-many-tabs')
    expect([knock(kit, '127.0.0.3'), knock(kit, undefined)]).toEqual(['welcome', 'welcome'])
    await kit.clock.advance(1_000)
    const later = Array.from({ length: 100 }, () => knock(kit, '127.0.0.2'))
    expect(later.filter((answer) => answer === 'welcome')).toHaveLength(newTabsPerSecond)
  })

  it('brings back as many tabs as it has, at no cost', async () => {
    const kit = testHub([d], { limits: { newTabsBurst: 1, newTabsPerSecond: 0.001 } })
    const tab = await kit.open('browser')
    expect(knock(kit, '127.0.0.2')).toBe('welcome')
    expect(knock(kit, '127.0.0.2')).toBe('too-many-tabs')
    for (let n = 0; n < 100; n += 1) expect(knock(kit, '127.0.0.2', tab.signedToken)).toBe('welcome')
  })
})

describe('a duplicated tab', () => {
  async function duplicated() {
    const counted = counting()
    const kit = testHub([big, d], { store: counted.store })
    const tab = await kit.open()
    await kit.done((await tab.watch(big)).fill())
    const copies = Array.from({ length: 40 }, () => new TestTab(kit.hub, kit.clock, tab.browser, tab.signedToken, true))
    for (const copy of copies) {
      copy.state(big)
      copy.connect()
    }
    await kit.clock.settle()
    return { ...kit, ...counted, kit, tab, copies }
  }

  it('shares the values of its original, and is saved at once', async () => {
    const { hub, tab, copies, memory, clock } = await duplicated()
    expect(memory.size).toBe(41)
    const original = hub.instance(tab.token).state.big
    for (const copy of copies) {
      expect(copy.state(big).rows).toHaveLength(1_000)
      expect(hub.instance(copy.token).state.big).toBe(original)
    }
    const [first] = copies as [TestTab]
    const added = first.state(big).add()
    await clock.settle()
    await added
    expect([first.state(big).rows.length, tab.state(big).rows.length]).toEqual([1_001, 1_000])
  })

  it('counts against its address as many new tabs as its state is large, and is told when to come again', async () => {
    const { hub, clock, tab } = await duplicated() // with 100 KB
    const copied = async () => {
      const said: unknown[][] = []
      const send = (name: string, ...args: unknown[]) => void said.push([name, ...args])
      const connection = { address: '1.2.3.4', send, close: () => {} }
      const hello = {
        version: protocolVersion,
        page: clock.id(),
        subscriptions: [[0, 'tab', ['big']]],
        copyOf: tab.signedToken,
      }
      try {
        hub.connect(connection, hello, tab.browser)
      } catch (error) {
        const { code, message, afterMs } = error as HeldStateError
        said.push(['bye', code, message, afterMs]) // as the transport says it
      }
      await clock.settle()
      return said.at(-1) ?? []
    }
    let welcomed = 0
    let last = await copied()
    for (; last[0] === 'w'; last = await copied()) welcomed += 1
    expect(welcomed).toBeGreaterThan(defaultLimits.newTabsBurst / 4)
    expect(welcomed).toBeLessThan(defaultLimits.newTabsBurst / 3 + 1)
    expect(last).toEqual(['bye', 'too-many-tabs', expect.any(String), expect.any(Number)])
    await clock.advance(1_000)
    expect((await copied())[0]).toBe('w')
  })

  it('that cannot pay for its copy does not make the server read the original again, in turns of several either', async () => {
    const counted = counting()
    const kit = testHub([big, d], {
      store: counted.store,
      limits: { unloadMs: 1, newTabsBurst: 3, newTabsPerSecond: 1 },
    })
    const { hub, clock } = kit
    const originals: TestTab[] = []
    for (let n = 0; n < 4; n += 1) {
      const tab = await kit.open('browser')
      await kit.done((await tab.watch(big)).fill())
      originals.push(tab)
    }
    for (const tab of originals) tab.drop()
    await clock.advance(200_000)
    let reads = 0
    const { read } = hub.store
    Object.assign(hub.store, { read: (token: string) => (reads++, read(token)) })
    const copied = async (at: number) => {
      const { signedToken: copyOf } = originals[at % originals.length] as TestTab
      const hello = { version: protocolVersion, page: clock.id(), subscriptions: [[0, 'tab', ['big']]], copyOf }
      try {
        hub.connect({ address: '1.2.3.4', send: () => {}, close: () => {} }, hello, 'browser')
      } catch {}
      await clock.settle()
    }
    for (let at = 0; at < 100; at += 1) {
      await copied(at)
      await clock.advance(1_000) // a new tab can come each second, and no copy
    }
    expect(reads).toBeGreaterThan(0)
    expect(reads).toBeLessThan(8)
  })

  it('keeps what it was copied from when its server is another one before it was saved', async () => {
    const { kit, copies, crash, tab, clock, done } = await duplicated()
    const [copy] = copies as [TestTab]
    crash()
    await tab.reconnect()
    for (const other of copies) {
      other.rewire(kit.hub, clock)
      await other.reconnect()
    }
    expect(copy.state(big).rows).toHaveLength(1_000)
    await done(copy.state(big).add())
    expect(copy.state(big).rows).toHaveLength(1_001)
  })
})

it('a token tells when it was made', async () => {
  const clock = new TestClock()
  await clock.advance(1_700_000_000_000)
  const tokens = Array.from({ length: 100 }, () => newToken(clock))
  expect(new Set(tokens).size).toBe(100)
  for (const token of tokens) expect(token).toMatch(/^[0-9a-f]{32}$/)
})
