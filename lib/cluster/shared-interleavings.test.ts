/** Moments in which two things meet at a shared store: each has gone wrong once. */
import { expect, it } from 'vitest'
import type { Coordinator } from './coordinator.js'
import { nodes, stored } from './nodes.fixture.js'
import type { SharedStore } from './shared-store.js'

const coordinatorOf = (store: SharedStore) => (store as unknown as { coordinator: Coordinator }).coordinator

it('a token that is loaded and followed in the same moment is held', async () => {
  const { clock, book, a } = await nodes(1)
  const loading = a.store.load('t')
  const following = a.store.follow('t')
  await clock.advance(0)
  await Promise.all([loading, following])
  expect(book.entry('t').owner).toBe(a.store.node)
  await a.store.save('t', stored(1))
})

it('a change that is heard of before the answer to "follow" does not end the following', async () => {
  const { clock, book, a, b } = await nodes(2)
  await a.store.load('t')
  await a.store.save('t', stored(1))
  const coordinator = coordinatorOf(b.store)
  const { follow } = coordinator
  coordinator.follow = async (...given) => {
    const answer = await follow(...given)
    await new Promise<void>((resolve) => void clock.after(5, resolve)) // the answer is late; messages come over another connection
    return answer
  }
  const following = b.store.follow('t')
  await clock.advance(1)
  await a.store.save('t', stored(2))
  await clock.advance(10)
  await following
  coordinator.follow = follow
  await a.store.save('t', stored(3))
  await clock.advance(50)
  expect([...book.entry('t').followers]).toEqual([b.store.node])
  expect((await b.store.read('t'))?.revision).toBe(3)
})

it('word of a page that has gone, which could not be said, is said when it can be', async () => {
  const { clock, a, b } = await nodes(2)
  await a.store.load('t')
  b.store.setPresent('t', true)
  await clock.advance(0)
  const coordinator = coordinatorOf(b.store)
  const { setPresent: attend } = coordinator
  coordinator.setPresent = async () => {
    throw new Error('out of reach')
  }
  b.store.setPresent('t', false)
  await clock.advance(10)
  coordinator.setPresent = attend
  await clock.advance(120_000)
  expect(await a.store.unattendedMs('t')).toBeDefined()
})

it('word of a page that has come, which could not be said, is said when it can be', async () => {
  const { clock, a, b } = await nodes(2)
  const coordinator = coordinatorOf(b.store)
  const { setPresent: attend } = coordinator
  coordinator.setPresent = async () => {
    throw new Error('out of reach')
  }
  b.store.setPresent('t', true)
  await clock.advance(10)
  coordinator.setPresent = attend
  await clock.advance(120_000)
  expect(await a.store.unattendedMs('t')).toBeUndefined()
})

it('is woken by "claim-again" though that came before the answer to its claim', async () => {
  const { clock, a, b } = await nodes(2, 4000)
  await a.store.load('t')
  await a.store.save('t', stored(1))
  const coordinator = coordinatorOf(b.store)
  const { claim } = coordinator
  coordinator.claim = async (...given) => {
    const answer = await claim(...given)
    await new Promise<void>((resolve) => void clock.after(5, resolve))
    coordinator.claim = claim
    return answer
  }
  let got: number | undefined
  const began = clock.now()
  void b.store.load('t').then(() => {
    got = clock.now() - began
  })
  await clock.advance(1)
  await a.store.release('t', false)
  await clock.advance(10_000)
  expect(got).toBeLessThan(100)
})

it('a release that arrives after a later claim does not give the token away', async () => {
  const { clock, book, a, b } = await nodes(2)
  await a.store.load('t')
  await a.store.save('t', stored(1))
  const coordinator = coordinatorOf(a.store)
  const { release } = coordinator
  coordinator.release = async (...given) => {
    await new Promise<void>((resolve) => void clock.after(5, resolve)) // sent again over a new connection
    return release(...given)
  }
  const releasing = a.store.release('t', false)
  await clock.advance(1)
  await a.store.load('t')
  await clock.advance(10)
  await releasing
  expect(book.entry('t').owner).toBe(a.store.node)
  void b.store.load('t')
  await clock.advance(10)
  await a.store.save('t', stored(2))
})

/** The claim of `b` is answered while `b` lets the token go: at each moment of that, nothing is lost. */
it('a token that is claimed in the moment in which it is no longer followed is not dropped', async () => {
  for (let turns = 0; turns < 12; turns += 1) {
    const { clock, a, b } = await nodes(2)
    await a.store.load('t')
    await a.store.save('t', stored(1))
    await b.store.follow('t')
    await a.store.release('t', false)
    const loading = b.store.load('t')
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve()
    await Promise.all([b.store.unfollow('t'), loading])
    await clock.advance(10)
    expect([turns, await a.store.read('t')]).toEqual([turns, stored(1)])
  }
})
