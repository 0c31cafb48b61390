/**
 * The conformance suite of the coordinator port: the coordinator in memory, over which most tests and the simulation run, and the
 * one in a redis pass the same. It takes `describe` and `it` of the test runner, so that a test can also run it over a coordinator
 * that is broken.
 */
import { expect, vi } from 'vitest'
import type { Coordinator, Message, Save } from './coordinator.js'
import type { MeetingPlace } from './coordinators.fixture.js'

interface Runner {
  describe(name: string, body: () => void): void
  it(name: string, body: () => Promise<void>): void
}

/** A node of a test. Its operations are those of the port, with its own name and the latest fence. */
interface TestNode {
  readonly name: string
  readonly coordinator: Coordinator
  /** Claims under the next number, or again under the latest. */
  claim(token: string, how?: { readonly again?: boolean; readonly have?: number }): ReturnType<Coordinator['claim']>
  save(token: string, revision: number, more?: Partial<Save>): Promise<boolean>
  /** `late`: it was sent before the latest claim. */
  release(token: string, how?: { readonly follow?: boolean; readonly late?: boolean }): Promise<void>
  follow(token: string, have?: number): ReturnType<Coordinator['follow']>
  unfollow(token: string): Promise<void>
  setPresent(token: string, here: boolean): Promise<void>
  unattendedMs(token: string): Promise<number | undefined>
  drop(token: string): Promise<void>
  orphans(most?: number): Promise<readonly string[]>
  heartbeat(leaseMs?: number, trustMs?: number): ReturnType<Coordinator['heartbeat']>
  /** The messages that it has received since it was last asked. */
  heard(): Promise<readonly Message[]>
  /** It loses its connection. */
  disconnect(): Promise<void>
}

interface TestCluster {
  readonly place: MeetingPlace
  readonly a: TestNode
  readonly b: TestNode
  readonly c: TestNode
}

type Rule = (name: string, body: (cluster: TestCluster) => Promise<void>) => void

const retainMs = 60_000
const longMs = 600_000
const running = (node: string) => JSON.stringify([{ definition: 'd', task: 'x', run: 'r', node, attempt: 1 }])

/** `meet` gives a new, empty place to meet. */
export function coordinatorSuite(name: string, { describe, it }: Runner, meet: () => MeetingPlace): void {
  const rule: Rule = (title, body) =>
    it(title, async () => {
      const place = meet()
      try {
        await body(await clusterAt(place))
      } finally {
        await place.close()
      }
    })
  describe(`coordinator: ${name}`, () => {
    for (const [topic, rules] of Object.entries(topics)) describe(topic, () => rules(rule))
  })
}

async function clusterAt(place: MeetingPlace): Promise<TestCluster> {
  const joined = new Set<string>()
  const node = async (name: string): Promise<TestNode> => {
    const coordinator = place.open()
    const heard: Message[] = []
    await coordinator.join(name, { onMessage: (message) => heard.push(message), onMessagesLost: () => {} })
    joined.add(name)
    return {
      ...testNode(name, coordinator),
      heard: async () => {
        await place.delivered([...joined])
        return heard.splice(0)
      },
      disconnect: () => {
        joined.delete(name)
        return coordinator.close()
      },
    }
  }
  const [a, b, c] = [await node('a'), await node('b'), await node('c')]
  for (const each of [a, b, c]) await each.heartbeat()
  return { place, a, b, c }
}

function testNode(name: string, coordinator: Coordinator): Omit<TestNode, 'heard' | 'disconnect'> {
  let claims = 0
  let saves = 0
  const fences = new Map<string, number>()
  return {
    name,
    coordinator,
    claim: async (token, { again = false, have = -1 } = {}) => {
      if (!again) claims += 1
      const claim = await coordinator.claim(token, name, claims, have, retainMs)
      if (claim.owned) fences.set(token, claim.fence)
      return claim
    },
    save: (token, revision, more) => {
      saves += 1
      return coordinator.save({
        id: `${name} ${saves}`,
        token,
        node: name,
        fence: fences.get(token) ?? 0,
        revision,
        writes: { n: `${revision}` },
        startedNodes: [],
        endedNodes: [],
        retainMs,
        ...more,
      })
    },
    release: (token, { follow = false, late = false } = {}) =>
      coordinator.release(token, name, follow, late ? claims - 1 : claims),
    follow: (token, have = -1) => coordinator.follow(token, name, have, retainMs),
    unfollow: (token) => coordinator.unfollow(token, name),
    setPresent: (token, here) => coordinator.setPresent(token, name, here, retainMs),
    unattendedMs: (token) => coordinator.unattendedMs(token, name, longMs),
    drop: (token) => coordinator.drop(token, name, fences.get(token) ?? 0),
    orphans: (most = 100) => coordinator.orphans(name, most),
    heartbeat: (leaseMs = longMs, trustMs = leaseMs) => coordinator.heartbeat(name, leaseMs, trustMs),
  }
}

const topics: Record<string, (rule: Rule) => void> = {
  'the lease of a node': leases,
  'a claim': claims,
  'a token that is released': releases,
  'a save': saves,
  'a follower': followers,
  'the pages of a token': pages,
  'a token that is dropped': drops,
  'the tasks of a dead node': orphans,
  'all nodes': broadcasts,
}

function leases(rule: Rule): void {
  rule('lasts from one heartbeat to the next', async ({ place, a, b }) => {
    expect(await a.heartbeat()).toEqual({ alive: expect.arrayContaining(['a', 'b', 'c']), lapsed: false })
    await place.lapse('b')
    expect((await a.heartbeat()).alive).not.toContain('b')
    expect((await b.heartbeat()).lapsed).toBe(true)
    expect((await b.heartbeat()).lapsed).toBe(false)
    expect((await a.heartbeat()).alive).toContain('b')
  })
  rule('lasts its whole length while the node is connected, and no longer', async ({ place, a, b }) => {
    await b.heartbeat(400, 100)
    await place.pass(200)
    expect((await a.heartbeat()).alive).toContain('b')
    await place.pass(300)
    expect((await a.heartbeat()).alive).not.toContain('b')
  })
  rule('ends with the trust in it once the node has lost its connection, and others hear of it', async (cluster) => {
    const { place, a, b, c } = cluster
    await b.heartbeat(longMs, 100)
    await b.disconnect()
    await place.pass(200)
    await vi.waitFor(async () => expect([...(await a.heartbeat()).alive].sort()).toEqual(['a', 'c']))
    expect(await c.heard()).toEqual([{ type: 'node-gone', node: 'b' }])
  })
  rule('lasts without a connection for as long as the node trusts in it', async ({ place, a, b }) => {
    await b.heartbeat(longMs, 300_000)
    await b.disconnect()
    await place.pass(100)
    expect((await a.heartbeat()).alive).toContain('b')
  })
  rule('ends when the node leaves, and others hear of it', async ({ a, b, c }) => {
    await b.claim('t')
    await b.coordinator.leave('b')
    expect([...(await a.heartbeat()).alive].sort()).toEqual(['a', 'c'])
    expect(await c.heard()).toEqual([{ type: 'node-gone', node: 'b' }])
    expect(await c.claim('t')).toMatchObject({ owned: true })
  })
}

function claims(rule: Rule): void {
  rule('makes the node the owner of a free token, under a fence that rises with each owner', async ({ a, b }) => {
    const first = await a.claim('t')
    expect(first).toEqual({ owned: true, fence: expect.any(Number), handoverRequested: false, saved: undefined })
    await a.release('t')
    const second = await b.claim('t')
    expect(second).toMatchObject({ owned: true })
    expect(first.owned && second.owned && second.fence > first.fence).toBe(true)
  })
  rule('brings what is saved, unless the node has that revision', async ({ a, b }) => {
    await a.claim('t')
    await a.save('t', 1)
    await a.release('t')
    expect(await b.claim('t', { have: 0 })).toMatchObject({ saved: { revision: 1, texts: { n: '1' } } })
    await b.release('t')
    expect(await a.claim('t', { have: 1 })).toMatchObject({ saved: 'same' })
  })
  rule('of a token that another node owns puts the node in line, and the owner hears of it', async ({ a, b }) => {
    await a.claim('t')
    expect(await b.claim('t')).toEqual({ owned: false, owner: 'a', leaseMs: expect.any(Number) })
    expect(await a.heard()).toEqual([{ type: 'handover-requested', token: 't' }])
    expect(await a.claim('t')).toMatchObject({ owned: true, handoverRequested: true })
  })
  rule('takes a token from a dead node, whose saves are refused from then on', async ({ place, a, b }) => {
    await a.claim('t')
    await place.lapse('a')
    expect(await b.claim('t')).toMatchObject({ owned: true })
    expect(await a.save('t', 1)).toBe(false)
    expect(await b.save('t', 1)).toBe(true)
  })
  rule('that arrives twice changes nothing, and the next one makes a new fence', async ({ a }) => {
    const first = await a.claim('t')
    expect(await a.claim('t', { again: true })).toEqual(first)
    const fence = first.owned ? first.fence : 0
    const second = await a.claim('t')
    expect(second.owned && second.fence > fence).toBe(true)
    expect(await a.coordinator.claim('t', 'a', 1, -1, retainMs)).toEqual(second) // late, after the next one
    expect(await a.save('t', 1, { fence })).toBe(false)
    expect(await a.save('t', 1)).toBe(true)
  })
}

function releases(rule: Rule): void {
  rule('goes to the nodes in line, in their order, each of which hears of the next', async ({ a, b, c }) => {
    await a.claim('t')
    await b.claim('t')
    await c.claim('t')
    await a.release('t')
    expect(await b.heard()).toEqual([
      { type: 'claim-again', token: 't' },
      { type: 'handover-requested', token: 't' },
    ])
    expect(await b.claim('t')).toMatchObject({ owned: true, handoverRequested: true })
    await b.release('t')
    expect(await c.heard()).toEqual([{ type: 'claim-again', token: 't' }])
    expect(await c.claim('t')).toMatchObject({ owned: true, handoverRequested: false })
  })
  rule('passes over a dead node in line', async ({ place, a, b, c }) => {
    await a.claim('t')
    await b.claim('t')
    await c.claim('t')
    await place.lapse('b')
    await a.release('t')
    expect(await c.heard()).toContainEqual({ type: 'claim-again', token: 't' })
  })
  rule('stays with a node that has claimed it since the release was sent', async ({ a, b }) => {
    await a.claim('t')
    await a.claim('t')
    await a.release('t', { late: true })
    expect(await b.claim('t')).toMatchObject({ owned: false, owner: 'a' })
    expect(await a.save('t', 1)).toBe(true)
  })
  rule('stays with its owner when another node releases it', async ({ a, b }) => {
    await a.claim('t')
    await b.release('t')
    expect(await b.claim('t')).toMatchObject({ owned: false, owner: 'a' })
  })
}

function saves(rule: Rule): void {
  rule('writes and removes texts, by the owner alone', async ({ a, b }) => {
    await a.claim('t')
    expect(await a.save('t', 1, { writes: { x: '1', y: '"é"', z: '' } })).toBe(true)
    expect(await a.save('t', 2, { writes: { x: null, y: '2' } })).toBe(true)
    expect(await b.save('t', 3)).toBe(false)
    expect(await b.coordinator.read('t')).toEqual({ revision: 2, texts: { y: '2', z: '' } })
    expect(await b.coordinator.read('other')).toBe(undefined)
  })
  rule('that is sent twice succeeds twice, and no other at its revision does', async ({ a }) => {
    await a.claim('t')
    expect(await a.save('t', 1, { id: 'one' })).toBe(true)
    expect(await a.save('t', 1, { id: 'one' })).toBe(true)
    expect(await a.save('t', 1, { id: 'other' })).toBe(false)
  })
  rule('follows the revision that is saved', async ({ a }) => {
    await a.claim('t')
    await a.save('t', 1)
    for (const revision of [0, 1, 3]) expect(await a.save('t', revision)).toBe(false)
    expect(await a.coordinator.read('t')).toEqual({ revision: 1, texts: { n: '1' } })
  })
  rule('is found by the browser that it names last', async ({ a }) => {
    const x = { browser: '"x"' }
    for (const token of ['s', 't', 'u']) await a.claim(token)
    await a.save('s', 1, { writes: x })
    await a.save('t', 1, { writes: x })
    await a.save('u', 1)
    expect([...(await a.coordinator.ofBrowser('x'))].sort()).toEqual(['s', 't'])
    await a.save('t', 2, { writes: { browser: '"y"' } })
    expect(await a.coordinator.ofBrowser('x')).toEqual(['s'])
    expect(await a.coordinator.ofBrowser('y')).toEqual(['t'])
  })
}

function followers(rule: Rule): void {
  const changed = (revision: number): Message => ({
    type: 'changed',
    token: 't',
    revision,
    writes: { n: `${revision}` },
  })
  rule('hears of each change until it follows no longer', async ({ a, b, c }) => {
    await a.claim('t')
    await a.save('t', 1)
    expect(await b.follow('t')).toEqual({ owns: false, saved: { revision: 1, texts: { n: '1' } } })
    expect(await b.follow('t', 1)).toEqual({ owns: false, saved: 'same' })
    await a.save('t', 2)
    await b.unfollow('t')
    await a.save('t', 3)
    expect(await b.heard()).toEqual([changed(2)])
    expect([await a.heard(), await c.heard()]).toEqual([[], []])
  })
  rule('is none once it owns the token, and is one again if it says so when it releases it', async ({ a, b }) => {
    await b.follow('t')
    await b.claim('t')
    expect(await b.follow('t')).toMatchObject({ owns: true })
    await b.save('t', 1)
    await b.release('t', { follow: true })
    await a.claim('t')
    await a.save('t', 2)
    expect(await b.heard()).toEqual([changed(2)])
  })
  rule('that has died is forgotten', async ({ place, a, b }) => {
    await b.follow('t')
    await a.claim('t')
    await place.lapse('b')
    await a.save('t', 1)
    await b.heartbeat()
    await a.save('t', 2)
    expect(await b.heard()).toEqual([])
  })
}

function pages(rule: Rule): void {
  rule('are attended while a node that is alive has one', async ({ place, a, b }) => {
    expect(await a.coordinator.isAttended('t')).toBe(false)
    await a.claim('t')
    await b.setPresent('t', true)
    expect([await a.unattendedMs('t'), await a.coordinator.isAttended('t')]).toEqual([undefined, true])
    expect((await b.unattendedMs('t')) ?? 0).toBeLessThanOrEqual(0) // its own do not count
    await place.lapse('b')
    expect([await a.unattendedMs('t'), await a.coordinator.isAttended('t')]).toEqual([expect.any(Number), true])
  })
  rule('count as lost, which is negative, when nobody has said that they go', async ({ place, a, b }) => {
    await a.claim('t')
    await b.setPresent('t', true)
    await place.lapse('b')
    expect(await a.unattendedMs('t')).toBeLessThan(0)
  })
  rule('are missed by the owner and the followers when the last one goes', async ({ a, b, c }) => {
    const left: Message = { type: 'last-page-left', token: 't' }
    await a.claim('t')
    await c.follow('t')
    await b.setPresent('t', true)
    await c.setPresent('t', true)
    await b.setPresent('t', false)
    expect([await a.heard(), await c.heard()]).toEqual([[], []])
    await b.setPresent('t', true)
    await c.setPresent('t', false)
    await b.setPresent('t', false)
    expect([await a.heard(), await b.heard(), await c.heard()]).toEqual([[left], [], [left]])
    expect(await a.unattendedMs('t')).toBeGreaterThanOrEqual(0)
  })
}

function drops(rule: Rule): void {
  rule('begins again, and the nodes in line ask again', async ({ a, b }) => {
    await a.claim('t')
    await a.save('t', 1)
    await b.claim('t')
    await a.drop('t')
    expect(await b.heard()).toEqual([{ type: 'claim-again', token: 't' }])
    expect(await b.claim('t')).toMatchObject({ owned: true, saved: undefined })
    expect(await b.save('t', 1)).toBe(true)
  })
  rule('stays if the fence is old, or another node follows it or has pages of it', async ({ a, b }) => {
    await a.claim('t')
    await a.save('t', 1)
    await a.coordinator.drop('t', 'a', -1)
    expect(await a.save('t', 2)).toBe(true)
    await b.follow('t')
    await a.drop('t')
    expect(await a.coordinator.read('t')).toMatchObject({ revision: 2 })
    await b.unfollow('t')
    await b.setPresent('t', true)
    await a.claim('t')
    await a.drop('t')
    expect(await b.claim('t')).toMatchObject({ owned: true, saved: { revision: 2 } }) // but nobody owns it
  })
}

function orphans(rule: Rule): void {
  rule('are given to one node each, and after its death to the next', async ({ place, a, b, c }) => {
    for (const token of ['s', 't']) {
      await a.claim(token)
      await a.save(token, 1, { writes: { running: running('a') }, startedNodes: ['a'] })
    }
    expect(await b.orphans()).toEqual([])
    await place.lapse('a')
    const first = await b.orphans(1)
    expect(first).toHaveLength(1)
    const second = await c.orphans()
    expect([...first, ...second].sort()).toEqual(['s', 't'])
    expect([await b.orphans(), await c.orphans()]).toEqual([[], []])
    await place.lapse('b')
    expect(await c.orphans()).toEqual(first)
  })
  rule('are those that still run', async ({ place, a, b }) => {
    for (const token of ['s', 't']) {
      await a.claim(token)
      await a.save(token, 1, { writes: { running: running('a') }, startedNodes: ['a'] })
    }
    await a.save('s', 2, { writes: { running: '[]' } })
    await a.save('t', 2, { writes: {}, endedNodes: ['a'] })
    await place.lapse('a')
    expect(await b.orphans()).toEqual([])
  })
}

function broadcasts(rule: Rule): void {
  rule('that are alive hear what one sends to all, except itself', async ({ place, a, b, c }) => {
    await place.lapse('c')
    await a.coordinator.broadcast('a', 'é')
    expect([await a.heard(), await b.heard(), await c.heard()]).toEqual([[], [{ type: 'broadcast', text: 'é' }], []])
  })
}
