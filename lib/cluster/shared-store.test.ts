import { describe, expect, it } from 'vitest'
import { sharedHandle } from '../store/handles.fixture.js'
import { storeSuite } from '../store/suite.js'
import type { TestClock } from '../testing/clock.js'
import type { MemoryCoordinatorState } from '../testing/memory-coordinator.js'
import type { Coordinator } from './coordinator.js'
import { nodes, stored } from './nodes.fixture.js'
import type { SharedStore } from './shared-store.js'

storeSuite('shared', { describe, it }, sharedHandle)

const unheard = { leaseEnd: 0, trustEnd: 0, listener: undefined }

async function outcome<T>(clock: TestClock, work: Promise<T>, ms = 0): Promise<T | 'waits'> {
  let end: T | 'waits' = 'waits'
  work.then((value) => {
    end = value
  })
  await clock.advance(ms)
  return end
}

describe('a token that another node holds', () => {
  it('is handed over when its holder gives it up, in the order of asking', async () => {
    const { clock, a, b, c } = await nodes(3)
    await a.store.load('t')
    await a.store.save('t', stored(1))
    const order: string[] = []
    const [second, third] = [b.store.load('t'), c.store.load('t')]
    void second.then(() => order.push('b'))
    void third.then(() => order.push('c'))
    expect(await outcome(clock, second)).toBe('waits')
    expect(a.heard).toContain('wanted t')
    await a.store.release('t', false)
    expect(await outcome(clock, second)).toEqual(stored(1))
    expect(b.heard).toEqual(['wanted t'])
    await b.store.release('t', false)
    expect(await outcome(clock, third)).toEqual(stored(1))
    expect(order).toEqual(['b', 'c'])
  })
  it('cannot be saved by who held it before', async () => {
    const { clock, a, b } = await nodes(2)
    await a.store.load('t')
    await a.store.save('t', stored(1))
    void b.store.load('t')
    await clock.advance(0)
    await a.store.release('t', false)
    await clock.advance(0)
    await expect(a.store.save('t', stored(2))).rejects.toMatchObject({ code: 'stale-write' })
  })
  it('is free when the lease of its holder has ended, and what that saves then is refused', async () => {
    const { clock, book, a, b } = await nodes(2)
    await a.store.load('t')
    await a.store.save('t', stored(1))
    freeze(book, a.store)
    expect(await outcome(clock, b.store.load('t'), 500)).toBe('waits')
    expect(await outcome(clock, b.store.load('t'), 700)).toEqual(stored(1))
    await b.store.save('t', stored(2))
    await expect(a.store.save('t', stored(2, 9))).rejects.toMatchObject({ code: 'stale-write' })
    expect(await b.store.read('t')).toEqual(stored(2))
  })
  it('is free at once when its holder ends in order', async () => {
    const { clock, a, b } = await nodes(2)
    await a.store.load('t')
    await a.store.save('t', stored(1))
    const waiting = b.store.load('t')
    expect(await outcome(clock, waiting)).toBe('waits')
    await a.store.close()
    expect(await outcome(clock, waiting)).toEqual(stored(1))
    expect(b.heard).toEqual(['missed'])
  })
  it('and that this one knows to have changed since is not taken for its own, however late it is told that it was', async () => {
    const { clock, book, a, b } = await nodes(2)
    await a.store.load('t')
    await a.store.save('t', stored(1))
    await b.store.follow('t')
    await a.store.release('t', false)
    const { coordinator } = b.store as unknown as { coordinator: Coordinator }
    const { claim } = coordinator
    coordinator.claim = async (...given) => {
      const claimed = await claim(...given)
      coordinator.claim = claim
      await new Promise<void>((resolve) => void clock.after(50, resolve))
      return claimed
    }
    const loading = b.store.load('t')
    await clock.advance(10)
    const node = book.nodes.get(b.store.node)
    if (node) node.leaseEnd = 0 // others take it for dead
    await outcome(clock, a.store.load('t'))
    await outcome(clock, a.store.save('t', stored(2)))
    expect(await b.store.follow('t')).toEqual(stored(2))
    await outcome(clock, loading, 100)
    await a.store.release('t', true)
    expect(await outcome(clock, loading, 2_000)).toEqual(stored(2))
  })
  it('is waited for within a bound', async () => {
    const { clock, a, b } = await nodes(2)
    await a.store.load('t')
    const waiting = b.store.load('t').catch((error) => error.code)
    expect(await outcome(clock, waiting, 59_000)).toBe('waits')
    expect(await outcome(clock, waiting, 2_000)).toBe('lock-timeout')
  })
})

describe('a node that follows a token', () => {
  it('is told of each change, and of no more once it holds it', async () => {
    const { clock, a, b } = await nodes(2)
    await a.store.load('t')
    await a.store.save('t', stored(1))
    expect(await b.store.follow('t')).toEqual(stored(1))
    await a.store.save('t', stored(2))
    await a.store.save('t', stored(3))
    await clock.advance(0)
    expect(b.heard).toEqual(['t 2 {"a":{"n":2}}', 't 3 {"a":{"n":3}}'])
    void b.store.load('t')
    await clock.advance(0)
    await a.store.release('t', true)
    await clock.advance(0)
    await b.store.save('t', stored(4))
    await clock.advance(0)
    expect(b.heard).toHaveLength(2)
    expect(a.heard).toEqual(['wanted t', 't 4 {"a":{"n":4}}'])
  })
  it('notices that a message was lost, and asks', async () => {
    const { clock, book, a, b } = await nodes(2)
    await a.store.load('t')
    await a.store.save('t', stored(1))
    await b.store.follow('t')
    const node = book.nodes.get(b.store.node)
    const listener = node?.listener
    if (node) node.listener = undefined
    await a.store.save('t', stored(2))
    await clock.advance(0)
    if (node) node.listener = listener
    expect(b.heard).toEqual([])
    await a.store.save('t', stored(3))
    await clock.advance(0)
    expect(b.heard).toEqual(['t 3 {"a":{"n":3}}'])
  })
  it('notices in the end that the last message was lost', async () => {
    const { clock, book, a, b } = await nodes(2)
    await a.store.load('t')
    await a.store.save('t', stored(1))
    await b.store.follow('t')
    const node = book.nodes.get(b.store.node)
    const listener = node?.listener
    if (node) node.listener = undefined
    await a.store.save('t', stored(2))
    await clock.advance(0)
    book.nodes.set(b.store.node, { ...unheard, ...node, listener })
    await clock.advance(5_000)
    expect(b.heard).toContain('t 2 {"a":{"n":2}}')
  })
  it('keeps a token from being dropped', async () => {
    const { clock, a, b } = await nodes(2)
    await a.store.load('t')
    await a.store.save('t', stored(1))
    await b.store.follow('t')
    await a.store.drop('t')
    expect(await b.store.load('t')).toEqual(stored(1))
    await b.store.drop('t')
    await clock.advance(0)
    expect(await b.store.read('t')).toBe(undefined)
  })
})

describe('a lease', () => {
  it('that has ended is not trusted, though it is renewed', async () => {
    const { clock, book, a } = await nodes(2)
    await a.store.load('t')
    expect(a.store.owns('t')).toBe(true)
    freeze(book, a.store)
    await clock.advance(1_200)
    expect(a.store.owns('t')).toBe(false)
    thaw(book)
    await clock.advance(1_000)
    expect(a.store.owns('t')).toBe(false)
    await a.store.load('t')
    expect(a.store.owns('t')).toBe(true)
  })
  it('of a node that has lost its connection ends when that trusts in it no more, which is earlier', async () => {
    const { clock, book, a, b } = await nodes(2)
    await a.store.load('t')
    const { coordinator } = a.store as unknown as { coordinator: Coordinator }
    coordinator.heartbeat = () => new Promise(() => {})
    const loading = b.store.load('t')
    expect(await outcome(clock, loading, 700)).toBe('waits')
    expect(a.store.owns('t')).toBe(false)
    const node = book.nodes.get(a.store.node)
    if (node) node.listener = undefined
    expect(await outcome(clock, loading, 200)).toBe(undefined)
    expect(b.heard).toContain('missed')
  })
  it('is renewed while its process lives', async () => {
    const { clock, a } = await nodes(1)
    await a.store.load('t')
    await clock.advance(60_000)
    expect(a.store.owns('t')).toBe(true)
  })
})

const frozen = new WeakMap<MemoryCoordinatorState, () => void>()

/** Its lease is not renewed any more. */
function freeze(book: MemoryCoordinatorState, store: SharedStore): void {
  const node = book.nodes.get(store.node)
  const leaseEnd = node?.leaseEnd ?? 0
  const set = book.nodes.set.bind(book.nodes)
  book.nodes.set = (name, given) => set(name, name === store.node ? { ...given, leaseEnd } : given)
  frozen.set(book, () => {
    book.nodes.set = set
  })
}

const thaw = (book: MemoryCoordinatorState) => frozen.get(book)?.()
