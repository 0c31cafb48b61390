import { describe, expect, it } from 'vitest'
import { pageLimits } from '../base/limits.js'
import { TestClock } from '../testing/clock.js'
import { Retry } from './retry.js'

function setUp(chance = 0.5) {
  const clock = new TestClock()
  const page = { asleep: false, listeners: new Set<() => void>() }
  const attempts: number[] = []
  const surroundings = {
    asleep: () => page.asleep,
    onWake: (wake: () => void) => {
      page.listeners.add(wake)
      return () => void page.listeners.delete(wake)
    },
  }
  const retry = new Retry(
    clock,
    () => chance,
    surroundings,
    () => void attempts.push(clock.now()),
  )
  const wake = () => {
    page.asleep = false
    for (const listener of page.listeners) listener()
  }
  return { clock, page, retry, attempts, wake }
}

describe('a retry', () => {
  it('waits longer each time, up to a bound, and says when it comes', async () => {
    const { clock, retry, attempts } = setUp()
    const waits: number[] = []
    for (let attempt = 1; attempt <= 7; attempt += 1) {
      const waiting = retry.failed()
      expect(waiting.attempt).toBe(attempt)
      waits.push((waiting.nextRetryAt as number) - clock.now())
      await clock.advance(10_000)
    }
    expect(waits).toEqual([300, 600, 1200, 2400, 4800, 5000, 5000])
    expect(attempts).toHaveLength(7)
  })

  it('is spread by chance to between half and one and a half times', () => {
    const waitOf = (chance: number) => setUp(chance).retry.failed().nextRetryAt
    expect([waitOf(0), waitOf(0.999)]).toEqual([150, expect.closeTo(450, 0)])
  })

  it('comes when the server asked for it, at the earliest, and says why it was refused', () => {
    const { retry } = setUp()
    const refusal = { code: 'too-many-handshakes', retryAfterMs: 2_000 } as const
    expect(retry.failed(refusal)).toEqual({ attempt: 1, nextRetryAt: 3_000, reason: 'too-many-handshakes' })
    expect(retry.failed({ ...refusal, retryAfterMs: 0 })).toMatchObject({ nextRetryAt: 600 })
  })

  it('comes later, by chance, after a server that closed with many tabs, and only the first time', () => {
    const waits = [0, 0.5, 0.999].map((chance) => {
      const { retry } = setUp(chance)
      retry.spread(1000)
      return [retry.failed().nextRetryAt, retry.failed().nextRetryAt]
    })
    expect(waits).toEqual([
      [150, 300],
      [800, 600],
      [expect.closeTo(1449, 0), expect.closeTo(899, 0)],
    ])
  })

  it('does not come later than a bound, whatever a server asks for', () => {
    const { retry } = setUp(1)
    retry.spread(1e12)
    expect(retry.failed().nextRetryAt).toBe(450 + pageLimits.spreadMs)
  })

  it('does not come while the page sleeps, and comes at once when it wakes', async () => {
    const { clock, page, retry, attempts, wake } = setUp()
    page.asleep = true
    expect(retry.failed()).toEqual({ attempt: 1, nextRetryAt: null })
    await clock.advance(3_600_000)
    expect(attempts).toEqual([])
    wake()
    expect(attempts).toEqual([3_600_000])
  })

  it('that waits comes at once when the network is back, and only once', async () => {
    const { clock, retry, attempts, wake } = setUp()
    for (let attempt = 0; attempt < 5; attempt += 1) retry.failed()
    await clock.advance(100)
    wake()
    await clock.advance(10_000)
    expect(attempts).toEqual([100])
  })

  it('begins anew after a success, and then listens to nobody', () => {
    const { page, retry } = setUp()
    retry.failed()
    retry.failed()
    retry.succeeded()
    expect(page.listeners.size).toBe(0)
    expect(retry.failed().attempt).toBe(1)
  })

  it('that was stopped leaves nothing behind', async () => {
    const { clock, page, retry, attempts } = setUp()
    retry.failed()
    retry.stop()
    await clock.advance(10_000)
    expect([attempts, page.listeners.size, clock.running]).toEqual([[], 0, 0])
  })
})
