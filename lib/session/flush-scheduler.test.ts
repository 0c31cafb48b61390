import { expect, it } from 'vitest'
import { defineState } from '../doors/authors.js'
import { protocolVersion } from '../protocol/version.js'
import { TestClock } from '../testing/clock.js'
import { testHub } from '../testing/kit.js'
import { type Flushable, FlushScheduler } from './flush-scheduler.js'

const big = defineState('big', () => ({ byId: new Map<number, number>(), n: 0 })).events((on) => ({
  fill: on((s, count: number) => {
    for (let id = 0; id < count; id += 1) s.byId.set(id, id)
  }),
  clear: on((s) => {
    s.byId.clear()
  }),
}))

it('a change of more keys than a call can have arguments reaches the tab', async () => {
  const { open, clock } = testHub([big])
  const tab = await open()
  await tab.watch(big)
  for (const act of [() => tab.state(big).fill(150_000), () => tab.state(big).clear()]) {
    const done = act()
    await clock.settle()
    await done
  }
  expect(tab.state(big).byId.size).toBe(0)
  expect(tab.connection).toBe('live')
}, 30_000)

it('a sender that fails is given up, and the others send', async () => {
  const clock = new TestClock()
  const given: unknown[] = []
  const sent: string[] = []
  const outbox = new FlushScheduler(clock, 16, {
    giveUp: (sender, error) => void given.push(sender, (error as Error).message),
  })
  const sender = (flush: () => void): Flushable => ({
    sentAt: 0,
    scheduled: false,
    scheduledLater: false,
    flush,
    close: () => {},
  })
  const broken = sender(() => {
    throw new Error('no words for this')
  })
  outbox.add(broken)
  outbox.add(sender(() => void sent.push('other')))
  await clock.settle()
  expect(given).toEqual([broken, 'no words for this'])
  expect(sent).toEqual(['other'])
})

it('a tab that cannot be welcomed loses its connection, and nobody else notices', async () => {
  const { hub, open, clock, log } = testHub([big])
  let closed = false
  const connection = {
    send: () => {
      throw new Error('no words for this')
    },
    close: () => {
      closed = true
    },
  }
  hub.connect(
    connection,
    { version: protocolVersion, page: 'a'.repeat(32), subscriptions: [[0, 'tab', ['big']]] },
    'a browser',
  )
  await clock.settle()
  expect(closed).toBe(true)
  expect(log.lines).toEqual([expect.stringContaining('no words for this')])
  expect((await open()).connection).toBe('live')
})
