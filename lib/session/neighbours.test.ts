/** Bad input of one tab is that tab's alone: whatever it says, a tab beside it goes on as if it were not there. */
import { expect, it } from 'vitest'
import { defineState } from '../doors/authors.js'
import { protocolVersion } from '../protocol/version.js'
import { done } from '../testing/await.fixture.js'
import { testHub } from '../testing/kit.js'

const d = defineState('d', () => ({ n: 0, free: {} as Record<string, unknown> }))
  .tasks((background) => ({
    count: background(async ({ update, sleep }) => {
      for (;;) {
        await update((s) => (s.n += 1))
        await sleep(100)
      }
    }),
  }))
  .events((on) => ({
    add: on((s, by: number) => {
      s.n += by
    }),
    put: on((s, key: string, value: unknown) => {
      s.free[key] = value
    }),
    fails: on(() => {
      throw new Error('no')
    }),
  }))

async function beside() {
  const kit = testHub([d], { limits: { callsPerTab: 5, watchedStates: 2, tasksPerToken: 2 } })
  const tab = await kit.open()
  const state = await tab.watch(d)
  await done(kit.clock, state.count.start())
  await kit.clock.advance(250)
  const said: unknown[][] = []
  const connect = (hello: object) =>
    kit.hub.connect({ send: (...message) => void said.push(message), close: () => {} }, hello, 'another browser')
  return { ...kit, tab, state, said, connect }
}

const hello = { version: protocolVersion, page: 'a'.repeat(32), subscriptions: [[0, 'tab', ['d']]] }
const nonsense: (readonly [string, ...unknown[]])[] = [
  ['call', 0, 1, 'd', 'nope'],
  ['call', 0, 2, 'nope', 'add', [1]],
  ['call', 0, 3, 'd', 'fails'],
  ['call', 0, 4, 'd', '__proto__', [1]],
  ['call', 0, 5, 'd', 'put', ['__proto__', 1]],
  ['call', 0, 6, 'd', 'put', ['constructor', { $held: '[["RegExp","x"]]' }]],
  ['call', 0, 7, 'd', 'count'],
  ['call', 0, 8, 'd', 'count'],
  ['call', 0, 9, 'd', 'count'],
  ['watch', 0, 10, 'd'],
  ['watch', 0, 11, 'd'],
  ['cancel', 0, 12, 'd', 'count'],
  ['cancel', 0, 13, 'd', 'add'],
  ['batch', Array(6).fill(['call', 0, 1, 'd', 'add', [1]])],
  ['shout'],
  ['resync'],
]

it('whatever a tab says, another one counts on, answers, and is told nothing of it', async () => {
  const { clock, hub, tab, state, said, connect } = await beside()
  const session = connect(hello)
  await clock.settle()
  const before = { n: tab.state(d).n, revision: tab.revision, messages: tab.wire.received.length }
  for (const [name, ...args] of nonsense) session.receive(name, args)
  await clock.advance(1000)
  expect(said.filter(([name]) => name === 'f').length).toBeGreaterThan(0)
  expect(tab.state(d)).toMatchObject({ n: before.n + 10, free: {}, count: { running: 1, error: null } })
  expect(tab.revision).toBe(before.revision + 10)
  expect(tab.wire.received.length).toBe(before.messages + 10)
  await done(clock, state.add(100))
  expect(tab.state(d).n).toBe(before.n + 110)
  expect(tab.reports).toEqual([])
  expect([...hub.backgroundTasks].map(({ token }) => token)).toEqual([tab.token])
})

it('whoever fails to come in leaves nothing behind, and takes no state from anybody', async () => {
  const { clock, tab, state, connect } = await beside()
  for (const wrong of [
    {},
    { ...hello, version: 0 },
    { ...hello, token: '' },
    { ...hello, token: tab.signedToken },
    { ...hello, token: `${tab.token}.${'0'.repeat(32)}` },
  ])
    expect(() => connect(wrong)).toThrow(expect.objectContaining({ code: expect.any(String) }))
  await clock.advance(100)
  const { n } = tab.state(d)
  await done(clock, state.add(1))
  expect(tab.state(d)).toMatchObject({ n: n + 1, count: { running: 1 } })
  expect(tab.connection).toBe('live')
})

it('a tab without a token gets a state of its own each time', async () => {
  const { clock, tab, said, connect } = await beside()
  for (let index = 0; index < 2; index += 1) connect({ ...hello, token: undefined })
  await clock.settle()
  const tokens = said.filter(([name]) => name === 'hi').map(([, token]) => String(token).slice(0, 32))
  expect(new Set([...tokens, tab.token]).size).toBe(3)
  const welcomes = said.filter(([name]) => name === 'w')
  expect(welcomes.map(([, , , , views]) => views)).toMatchObject([[{ n: 0, count: { running: 0 } }], [{ n: 0 }]])
})
