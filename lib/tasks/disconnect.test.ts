import { describe, expect, it } from 'vitest'
import { defineState } from '../doors/authors.js'
import { TestTab, testHub } from '../testing/kit.js'

const d = defineState('d', () => ({ n: 0 })).tasks((background) => {
  const count = async ({
    update,
    sleep,
  }: {
    update(change: (s: { n: number }) => void): Promise<unknown>
    sleep(ms: number): Promise<void>
  }) => {
    for (;;) {
      await update((s) => void (s.n += 1))
      await sleep(1000)
    }
  }
  return {
    keeps: background(count),
    ends: background({ onDisconnect: 'cancel' }, count),
    waits: background({ onDisconnect: { grace: '30s' } }, count),
  }
})

async function open(task: 'keeps' | 'ends' | 'waits') {
  const kit = testHub([d])
  const tab = await kit.open()
  void (await tab.watch(d))[task].start()
  await kit.clock.advance(10)
  expect(kit.hub.backgroundTasks.size).toBe(1)
  return { ...kit, tab, running: () => kit.hub.backgroundTasks.size }
}

describe('without its tab, a task', () => {
  it('goes on, unless its author says otherwise', async () => {
    const { tab, clock, running } = await open('keeps')
    tab.drop()
    await clock.advance(3_600_000)
    expect(running()).toBe(1)
  })

  it('is cancelled at once if its author says so, and the tab sees that when it comes back', async () => {
    const { tab, clock, running } = await open('ends')
    tab.drop()
    await clock.advance(0)
    expect(running()).toBe(0)
    await tab.reconnect()
    await clock.advance(20)
    expect(tab.state(d)).toMatchObject({ n: 1, ends: { running: 0, error: null } })
  })

  it('is cancelled after its grace', async () => {
    const { tab, clock, running } = await open('waits')
    tab.drop()
    await clock.advance(29_000)
    expect(running()).toBe(1)
    await clock.advance(1_000)
    expect(running()).toBe(0)
  })

  it('goes on if the tab comes back within the grace', async () => {
    const { tab, clock, running } = await open('waits')
    tab.drop()
    await clock.advance(20_000)
    await tab.reconnect()
    await clock.advance(60_000)
    expect(running()).toBe(1)
  })

  it('goes on while another page has the same state', async () => {
    const { hub, tab, clock, running } = await open('ends')
    const other = new TestTab(hub, clock, tab.browser, tab.signedToken)
    other.connect()
    await clock.settle()
    tab.drop()
    await clock.advance(60_000)
    expect(running()).toBe(1)
  })

  it('that has begun without one is cancelled if none comes for a while', async () => {
    const { hub, tab, clock, running } = await open('keeps')
    tab.drop()
    hub.start(tab.token, [d.triggers.ends()])
    await clock.advance(29_000)
    expect(running()).toBe(2)
    await clock.advance(1_000)
    expect(running()).toBe(1)
  })

  it('leaves no timer behind when the hub closes', async () => {
    const { hub, tab, clock } = await open('waits')
    tab.drop()
    const closing = hub.close()
    await clock.advance(10)
    await closing
    expect(clock.running).toBe(0)
  })
})

it.each(['sometimes', { grace: 'soon' }, {}])('onDisconnect: %j is refused when it is declared', (onDisconnect) => {
  expect(() =>
    defineState('x', () => ({})).tasks((background) => ({
      task: background({ onDisconnect: onDisconnect as 'keep' }, async () => {}),
    })),
  ).toThrow(/expected "keep", "cancel" or { grace: '30s' }/)
})
