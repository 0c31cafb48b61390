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
    failSession: (sender, error) => void given.push(sender, (error as Error).message),
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

/** Time passes while something works, too. */
class WorkingClock extends TestClock {
  worked = 0
  override now(): number {
    return super.now() + this.worked
  }
}

it('sending takes a third of the time: its frames are longer while it needs that, and short again afterwards', async () => {
  const clock = new WorkingClock()
  const outbox = new FlushScheduler(clock, 16, { failSession: () => {} })
  const senders = Array.from({ length: 30 }, (): Flushable => {
    const flush = () => void (clock.worked += 1)
    return { sentAt: 0, scheduled: false, scheduledLater: false, flush, close: () => {} }
  })
  const share = async (busy: readonly Flushable[]) => {
    const [began, worked] = [clock.now(), clock.worked]
    for (let frame = 0; frame < 20; frame += 1) {
      for (const sender of busy) outbox.addLater(sender)
      await clock.advance(Math.ceil(outbox.frame))
    }
    return (clock.worked - worked) / (clock.now() - began)
  }
  await share(senders)
  expect(await share(senders)).toBeCloseTo(1 / 3, 1)
  expect(outbox.frame).toBeGreaterThan(40)
  expect(senders.every(({ sentAt }) => clock.now() - sentAt < outbox.frame)).toBe(true)
  await share(senders.slice(0, 1))
  expect(outbox.frame).toBe(16)
})

it('a frame is as long as it is set, and never longer than a quarter of a second for the sake of sending', async () => {
  for (const [set, longest] of [
    [16, 250],
    [400, 400],
  ] as const) {
    const clock = new WorkingClock()
    const outbox = new FlushScheduler(clock, set, { failSession: () => {} })
    const flush = () => void (clock.worked += 3_000)
    const slow: Flushable = { sentAt: 0, scheduled: false, scheduledLater: false, flush, close: () => {} }
    for (let frame = 0; frame < 9; frame += 1) {
      outbox.addLater(slow)
      await clock.advance(outbox.frame)
    }
    expect(outbox.frame).toBe(longest)
  }
})

it('while frames are longer, a task that changes its state often sends no more of them', async () => {
  const ticking = defineState('ticking', () => ({ n: 0 })).tasks((background) => ({
    tick: background(async ({ update, sleep }) => {
      for (let step = 0; step < 20; step += 1) {
        await update((s) => void (s.n += 1))
        await sleep(20)
      }
    }),
  }))
  const { hub, open, done, clock } = testHub([ticking])
  const tab = await open()
  const { tick } = await tab.watch(ticking)
  Object.defineProperty(hub.outbox, 'frame', { get: () => 100 })
  const seen = new Set<number>()
  await done(tick.start())
  for (let ms = 0; ms < 400; ms += 5) {
    await clock.advance(5)
    seen.add(tab.state(ticking).n)
  }
  await clock.advance(200)
  expect(tab.state(ticking).n).toBe(20)
  expect(seen.size).toBeLessThan(7)
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
