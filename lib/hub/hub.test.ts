import { describe, expect, it } from 'vitest'
import type { Clock } from '../base/clock.js'
import { defineState } from '../doors/authors.js'
import { memoryStore } from '../doors/server.js'
import { protocolVersion } from '../protocol/version.js'
import { done, gate } from '../testing/await.fixture.js'
import { TestClock } from '../testing/clock.js'
import { testHub } from '../testing/kit.js'
import { HubRuntime } from './hub.js'

let wait = gate()
let then = gate()
const d = defineState('d', () => ({ n: 0 }))
  .tasks((background) => ({
    count: background(async ({ update, sleep }) => {
      for (;;) {
        await update((s) => (s.n += 1))
        await sleep(100)
      }
    }),
    stubborn: background(async () => wait.opened),
  }))
  .events((on) => ({
    add: on((s, by: number) => {
      s.n += by
    }),
    slow: on(async (s) => {
      await wait.opened
      s.n += 1000
    }),
    last: on(async (s) => {
      await then.opened
      s.n += 1
    }),
  }))
  .events((on, { last }) => ({
    chain: on(async (s) => {
      await wait.opened
      s.n += 1000
      return last()
    }),
  }))

function withClock(clock: Clock, store = memoryStore()) {
  const lines: string[] = []
  const note = (message: string) => void lines.push(message)
  const hub = new HubRuntime({ clock, store, secret: 's', log: { info: note, warn: note, error: note } })
  hub.registry.add(d)
  const said: unknown[][] = []
  let closed = 0
  const connection = { send: (...message: unknown[]) => void said.push(message), close: () => void (closed += 1) }
  const connect = () =>
    hub.connect(connection, { version: protocolVersion, page: 'a'.repeat(32), subscriptions: [[0, 'tab', ['d']]] }, 'b')
  return { hub, said, connect, lines, closed: () => closed }
}

describe('closing', () => {
  it('cancels tasks, says farewell, and leaves no timer', async () => {
    const clock = new TestClock()
    const { hub, connect, said, closed, lines } = withClock(clock)
    const session = connect()
    await clock.settle()
    session.receive('call', [0, 1, 'd', 'count', []])
    session.receive('call', [0, 2, 'd', 'count', []])
    await clock.advance(250)
    expect(hub.backgroundTasks.size).toBe(2)
    for (let index = 0; index < 2; index += 1) {
      await hub.modifyState(session.own.instance.token, d, (s) => void (s.n += 1))
      await clock.settle()
    }
    expect(clock.running).toBe(3) // two sleeping tasks, and the next frame
    const closing = hub.close()
    await clock.settle()
    await closing
    expect(hub.backgroundTasks.size).toBe(0)
    expect(hub.locks.held).toBe(0)
    expect(said.at(-1)?.slice(0, 2)).toEqual(['bye', 'hub-closed'])
    expect(closed()).toBe(1)
    expect(clock.running).toBe(0)
    expect(lines).toEqual([])
    hub.disconnected(session)
    expect(clock.running).toBe(0)
  })

  it('lets a running event finish, and what it triggered, and saves both', async () => {
    wait = gate()
    then = gate()
    const clock = new TestClock()
    const store = memoryStore()
    const { hub, connect } = withClock(clock, store)
    const session = connect()
    await clock.settle()
    session.receive('call', [0, 1, 'd', 'chain', []])
    await clock.settle()
    let closed = false
    const closing = hub.close().then(() => {
      closed = true
    })
    await clock.advance(5000)
    expect(closed).toBe(false)
    wait.open()
    await clock.settle()
    expect(closed).toBe(false)
    then.open()
    await clock.settle()
    await closing
    expect((await store.load(session.own.instance.token))?.state.d).toEqual({ n: 1001 })
  })

  it('does not wait longer than the grace for a task that ignores it', async () => {
    wait = gate()
    const clock = new TestClock()
    const { hub, connect } = withClock(clock)
    const session = connect()
    await clock.settle()
    session.receive('call', [0, 1, 'd', 'stubborn', []])
    await clock.settle()
    const closing = hub.close()
    await clock.advance(2000)
    await closing
    expect(clock.running).toBe(0)
    wait.open()
  })

  it('takes no new work, and says so', async () => {
    const { hub, open, clock } = testHub([d])
    const tab = await open()
    const state = await tab.watch(d)
    const { token } = tab
    wait = gate()
    const slow = state.slow()
    await clock.settle()
    const closing = hub.close()
    await expect(hub.modifyState(token, d, () => {})).rejects.toMatchObject({ code: 'hub-closed' })
    await expect(hub.lock(token)).rejects.toMatchObject({ code: 'hub-closed' })
    let settled = false
    const handedBack = state.add(1).finally(() => {
      settled = true
    })
    handedBack.catch(() => {})
    wait.open()
    await done(clock, slow)
    await closing
    expect(settled).toBe(false) // it waits for the hub that comes next
    expect(hub.close()).toBe(hub.close())
  })

  it('tells a tab that keeps trying, and lets it in to the next hub', async () => {
    const { hub, open, clock } = testHub([d])
    const tab = await open()
    await done(clock, hub.close())
    await clock.settle()
    expect(tab.connection).toBe('reconnecting')
    await tab.reconnect()
    expect(tab.connection).toBe('reconnecting')
    expect(tab.reports).toEqual([])
  })
})

describe('an instance', () => {
  it('is kept for a while without a tab, and forgotten with its saved state after that', async () => {
    const store = memoryStore()
    const { open, clock, hub } = testHub([d], { store, limits: { retainMs: 1000 } })
    const tab = await open()
    await done(clock, (await tab.watch(d)).add(5))
    tab.drop()
    await clock.advance(900)
    await tab.reconnect()
    expect(tab.state(d).n).toBe(5)
    await clock.advance(5000)
    tab.drop()
    await clock.advance(1100)
    expect(await store.load(tab.token)).toBeUndefined()
    expect([hub.instances.size, hub.locks.size]).toEqual([0, 0])
    await tab.reconnect()
    expect(tab.state(d).n).toBe(0)
  })

  it('is kept while one of its tasks runs', async () => {
    const { open, clock } = testHub([d], { limits: { retainMs: 1000 } })
    const tab = await open()
    await done(clock, (await tab.watch(d)).count.start())
    tab.drop()
    await clock.advance(5000)
    await tab.reconnect()
    await clock.advance(20)
    expect(tab.state(d).n).toBeGreaterThan(40)
  })

  it('is not forgotten when its tab comes back while it waits to be', async () => {
    const { open, clock, hub } = testHub([d], { limits: { retainMs: 1000 } })
    const tab = await open()
    await done(clock, (await tab.watch(d)).add(5))
    tab.drop()
    wait = gate()
    const held = hub.modifyState(tab.token, d, async () => wait.opened)
    await clock.advance(1100)
    await tab.reconnect()
    wait.open()
    await held
    await clock.settle()
    await done(clock, tab.state(d).add(1))
    expect(tab.state(d).n).toBe(6)
  })

  it('is new for a tab that comes while the store forgets the old one', async () => {
    const kept = memoryStore()
    const dropping = gate()
    const store = {
      ...kept,
      drop: async (token: string) => {
        await dropping.opened
        await kept.drop(token)
      },
    }
    const { open, clock } = testHub([d], { store, limits: { retainMs: 1000 } })
    const tab = await open()
    await done(clock, (await tab.watch(d)).add(5))
    tab.drop()
    await clock.advance(1100)
    await tab.reconnect()
    dropping.open()
    await clock.settle()
    await done(clock, tab.state(d).add(1))
    expect(tab.state(d).n).toBe(1)
  })

  it('whose lock is held for ever is not forgotten, and the hub survives that', async () => {
    const { open, clock, hub, log } = testHub([d], { limits: { retainMs: 1000, lockWaitMs: 2000 } })
    const tab = await open()
    await tab.watch(d)
    tab.drop()
    wait = gate()
    void hub.modifyState(tab.token, d, async () => wait.opened)
    await clock.advance(5000)
    expect(log.lines.join()).toContain('delete the state of an unused tab')
    wait.open()
  })
})
