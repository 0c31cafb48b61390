/** Tasks that end with their tab, over several processes: what the processes know of its pages may be lost for a moment. */
import { beforeEach, describe, expect, it } from 'vitest'
import { defineState } from '../doors/authors.js'
import { openNodes } from '../hub/nodes.fixture.js'
import { TestClock } from '../testing/clock.js'
import { TestTab } from '../testing/kit.js'

const d = defineState('d', () => ({ n: 0 })).tasks((background) => ({
  ends: background({ onDisconnect: 'cancel' }, async ({ sleep }: { sleep(ms: number): Promise<void> }) =>
    sleep(1_000_000),
  ),
}))

let clock = new TestClock()
beforeEach(() => {
  clock = new TestClock()
})

/** A task that runs at `a`; its tab is at `b`. */
async function open() {
  const opened = await openNodes(clock, d, { count: 3 })
  const { a, b, book, tab, state, move, end } = opened
  const other = new TestTab(a.hub, clock, tab.browser, tab.signedToken)
  other.connect()
  await clock.settle()
  await end(state.ends.start())
  tab.drop()
  await move(b)
  other.drop()
  await clock.advance(100)
  const runs = () => [...a.hub.backgroundTasks].length
  expect(runs()).toBe(1)
  /** Others take the process for dead, until its next heartbeat. */
  const lapse = (node: typeof b) => {
    const known = book.nodes.get(node.store.node)
    if (known) known.leaseEnd = 0
  }
  return { ...opened, runs, lapse }
}

describe('a task whose tab is at another process', () => {
  it('goes on when that process is taken for dead for moments', async () => {
    const { b, runs, lapse } = await open()
    for (let ms = 0; ms < 100_000; ms += 50) {
      lapse(b)
      await clock.advance(50)
    }
    expect(runs()).toBe(1)
  })

  it('goes on when another page leaves while that process is taken for dead', async () => {
    const { b, c, tab, runs, lapse } = await open()
    const other = new TestTab(c.hub, clock, tab.browser, tab.signedToken)
    other.connect()
    await clock.advance(100)
    lapse(b)
    other.drop()
    await clock.advance(60_000)
    expect(runs()).toBe(1)
  })

  it('goes on when a page comes to another process and leaves it while that process is taken for dead', async () => {
    const { b, c, tab, runs, lapse } = await open()
    const other = new TestTab(c.hub, clock, tab.browser, tab.signedToken)
    lapse(b)
    other.connect()
    await clock.advance(10)
    lapse(b)
    other.drop()
    await clock.advance(60_000)
    expect(runs()).toBe(1)
  })

  it('goes on when a failover has lost where the tab is, and not which processes live', async () => {
    const { a, b, c, book, runs } = await open()
    for (const entry of book.entries.values()) entry.present.clear()
    for (const { store } of [a, b, c]) book.nodes.get(store.node)?.listener?.onMessagesLost() // all connect again
    await clock.advance(100_000)
    expect(runs()).toBe(1)
  })

  it('is cancelled when the tab leaves that process after all, or dies with it', async () => {
    for (const isKilled of [false, true]) {
      const { a, b, tab, runs, lapse } = await open()
      lapse(b)
      await clock.advance(1_000)
      if (isKilled) b.kill()
      if (isKilled) tab.rewire(a.hub, clock)
      else tab.drop()
      await clock.advance(isKilled ? 35_000 : 100)
      expect(runs()).toBe(0)
    }
  })
})
