import { describe, expect, it } from 'vitest'
import { defaultLimits } from '../base/limits.js'
import { processLimits } from '../base/server-limits.js'
import { TestClock } from '../testing/clock.js'
import { traced } from './lock-source.js'
import { Locks, type Release } from './locks.js'

function setUp(limits: Partial<typeof defaultLimits> | { lockWaiters?: number; lockWaitMs?: number } = {}) {
  const clock = new TestClock()
  const lines: unknown[][] = []
  const note = (...line: unknown[]) => void lines.push(line)
  const log = { info: note, warn: note, error: note }
  return { clock, lines, locks: new Locks(clock, { ...defaultLimits, ...limits }, log) }
}

/** The lock if it is free. */
function now(lock: Release | Promise<Release>): Release {
  if (typeof lock === 'function') return lock
  throw new Error('the lock is held')
}

describe('locks', () => {
  it('gives a free lock at once, without a promise', () => {
    const { locks } = setUp()
    expect(typeof locks.acquire('a')).toBe('function')
    expect(locks.held).toBe(1)
  })

  it('is free again at once where nobody waits for it', () => {
    const { locks } = setUp()
    now(locks.acquire('a'))()
    expect(locks.held).toBe(0)
    expect(typeof locks.acquire('a')).toBe('function')
  })

  it('leaves nothing behind of a token that is forgotten, at once or when its lock is free', async () => {
    const { locks } = setUp()
    now(locks.acquire('a'))()
    locks.forget('a')
    expect(locks.size).toBe(0)
    const first = now(locks.acquire('b'))
    const second = Promise.resolve(locks.acquire('b'))
    locks.forget('b')
    first()
    expect(locks.held).toBe(1)
    const release = await second
    release()
    expect(locks.size).toBe(0)
  })

  it('keeps the line of a token that was forgotten and is used again meanwhile', () => {
    const { locks } = setUp()
    const release = now(locks.acquire('a'))
    locks.forget('a')
    void Promise.resolve(locks.acquire('a')).then((next) => next())
    release()
    expect(locks.size).toBe(1)
  })

  it('keeps the locks of two tokens apart', () => {
    const { locks } = setUp()
    now(locks.acquire('a'))
    expect(typeof locks.acquire('b')).toBe('function')
    expect(locks.held).toBe(2)
  })

  it('lets one holder in at a time, and serves waiters in the order in which they came', async () => {
    const { locks } = setUp()
    const order: number[] = []
    let inside = 0
    const worker = async (index: number) => {
      const release = await locks.acquire('a')
      inside += 1
      expect(inside).toBe(1)
      order.push(index)
      await Promise.resolve()
      await new Promise((resolve) => setImmediate(resolve))
      inside -= 1
      release()
    }
    await Promise.all(Array.from({ length: 20 }, (_, index) => worker(index)))
    expect(order).toEqual(Array.from({ length: 20 }, (_, index) => index))
    expect(locks.held).toBe(0)
  })

  it('does not let a newcomer overtake a waiter in the moment between two holders', async () => {
    const { locks } = setUp()
    const order: string[] = []
    const first = now(locks.acquire('a'))
    const waiter = Promise.resolve(locks.acquire('a')).then((release) => {
      order.push('waiter')
      release()
    })
    first()
    const newcomer = Promise.resolve(locks.acquire('a')).then((release) => {
      order.push('newcomer')
      release()
    })
    await Promise.all([waiter, newcomer])
    expect(order).toEqual(['waiter', 'newcomer'])
  })

  it('drops the lock of a token when the last waiter has let go', async () => {
    const { locks } = setUp()
    const first = now(locks.acquire('a'))
    const second = Promise.resolve(locks.acquire('a'))
    first()
    expect(locks.held).toBe(1)
    const release = await second
    release()
    expect(locks.held).toBe(0)
    expect(typeof locks.acquire('a')).toBe('function')
  })

  it('refuses a waiter beyond the bound, and serves those within', async () => {
    const { locks } = setUp({ lockWaiters: 2 })
    const first = now(locks.acquire('a'))
    const waiting = [locks.acquire('a'), locks.acquire('a')]
    await expect(locks.acquire('a')).rejects.toMatchObject({ code: 'lock-queue-full' })
    first()
    for (const wait of waiting) (await wait)()
    expect(locks.held).toBe(0)
  })

  it('that is waited for long is said once a hold, in development with the place where it was taken', async () => {
    const { clock, lines, locks } = setUp()
    const first = now(locks.acquire('a', undefined, traced('hub.lock')))
    await clock.advance(60_000)
    expect(lines).toEqual([]) // nobody waits
    const second = Promise.resolve(locks.acquire('a', undefined, { definition: 'd', member: 'hang' }))
    const third = Promise.resolve(locks.acquire('a'))
    await clock.advance(2 * processLimits.lockHeldMs)
    first()
    await second
    await clock.advance(2 * processLimits.lockHeldMs)
    expect(lines).toEqual([
      [expect.stringContaining('a block of hub.lock() has held it for at least 3000 ms'), expect.any(Error)],
      [expect.stringContaining('event "hang" of state "d" has held it for at least 3000 ms'), undefined],
    ])
    expect(lines[0]?.[1]).toHaveProperty('stack', expect.stringContaining('locks.test.ts'))
    for (const held of [second, third]) (await held)()
    expect(locks.held).toBe(0)
    await clock.advance(2 * processLimits.lockHeldMs)
    expect(lines).toHaveLength(2)
  })

  it('gives up waiting after the bound, and passes its turn on', async () => {
    const { locks, clock } = setUp({ lockWaitMs: 1000 })
    const first = now(locks.acquire('a'))
    const late = expect(locks.acquire('a')).rejects.toMatchObject({ code: 'lock-timeout' })
    await clock.advance(500)
    const next = Promise.resolve(locks.acquire('a'))
    await clock.advance(500)
    await late
    first()
    const release = await next
    release()
    expect(locks.held).toBe(0)
  })

  it('gives up waiting when its signal is aborted, with the reason of the signal, and passes its turn on', async () => {
    const { locks } = setUp()
    const abort = new AbortController()
    const first = now(locks.acquire('a'))
    const given = expect(locks.acquire('a', abort)).rejects.toBe('enough')
    const next = Promise.resolve(locks.acquire('a'))
    abort.abort('enough')
    await given
    first()
    ;(await next)()
    expect(locks.held).toBe(0)
  })

  it('does not wait at all for a signal that is aborted already', async () => {
    const { locks } = setUp()
    const first = now(locks.acquire('a'))
    await expect(locks.acquire('a', { signal: AbortSignal.abort('gone') })).rejects.toBe('gone')
    first()
    await new Promise((resolve) => setImmediate(resolve))
    expect(locks.held).toBe(0)
  })

  it('stops its timer when the turn has come', async () => {
    const { locks, clock } = setUp({ lockWaitMs: 1000 })
    const first = now(locks.acquire('a'))
    const second = Promise.resolve(locks.acquire('a'))
    first()
    const release = await second
    await clock.advance(5000)
    expect(locks.held).toBe(1)
    release()
    expect(locks.held).toBe(0)
  })

  it('refuses to be given back twice', () => {
    const { locks } = setUp()
    const release = now(locks.acquire('a'))
    release()
    expect(release).toThrow(/released once/)
  })
})
