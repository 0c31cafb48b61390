/** A page that watches as many states as it may, and more. */
import { expect, it } from 'vitest'
import { defineState, HeldStateError } from '../doors/authors.js'
import { bytesOf } from '../protocol/bounds.js'
import { testHub } from '../testing/kit.js'
import { shownOf } from './mirror.js'

const states = Array.from({ length: 8 }, (_, n) => defineState(`s${n}`, () => ({ n })))

it.each([
  ['by message', false],
  ['in its hello', true],
])(
  'a page that watches more than the bound of its server, %s, shows first values of the others and stays',
  async (_, early) => {
    const { open, clock } = testHub(states, { limits: { watchedStates: 5 } })
    const tab = await open()
    if (early) tab.drop()
    for (const state of states) tab.state(state)
    await clock.settle()
    for (let again = 0; again < 3; again += 1) {
      tab.drop()
      await tab.reconnect()
      expect(tab.connection).toBe('live')
    }
    expect(states.map((state) => tab.state(state).n)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect([...shownOf(tab.tab.mirror.getState()).views.keys()]).toEqual([0, 1, 2, 3, 4])
    for (const report of tab.reports) expect(report).toContain('"watchedStates"')
    expect(tab.reports.length).toBeGreaterThan(0)
    const before = tab.reports.length
    for (const state of states) tab.state(state)
    tab.drop()
    await tab.reconnect()
    expect(tab.reports).toHaveLength(before)
  },
)

it('a state that is watched twice is refused, and the page stays', async () => {
  const { open, clock, hub } = testHub(states)
  const tab = await open()
  await tab.watch(states[0] as (typeof states)[0])
  for (let id = 100; id < 300; id += 1) tab.wire.send('watch', 0, id, 's0')
  await clock.settle()
  const [session] = hub.sessions
  expect((session?.own as { feed: { size: number } } | undefined)?.feed.size).toBe(1)
  expect(tab.connection).toBe('live')
})

it('a page keeps the bounds that its server has', async () => {
  const { open, done } = testHub(states, { limits: { messageBytes: 2_000, callsPerTab: 7 } })
  const tab = await open()
  await expect(done(tab.tab.call('s0', 'none', ['x'.repeat(3_000)]))).rejects.toMatchObject({
    code: 'payload-too-large',
  })
  const calls = Array.from({ length: 10 }, () => tab.tab.call('s0', 'none', []).catch(({ code }) => code))
  const codes = await done(Promise.all(calls))
  expect(codes.filter((code) => code === 'inbox-full')).toHaveLength(3)
})

it('the bytes of a message are those of UTF-8', () => {
  for (const text of ['', 'plain', 'ä€', '👍🏽 und 漢字', 'x'.repeat(1_000)])
    expect(bytesOf(text)).toBe(new TextEncoder().encode(text).length)
})

it('a state that the server had no room to be asked for is asked for again, and no other is shown in its place', async () => {
  const [first, second, third] = states as [(typeof states)[0], (typeof states)[0], (typeof states)[0]]
  const { open, clock, hub } = testHub(states)
  const tab = await open()
  await tab.watch(first)
  const [session] = [...hub.sessions]
  const { inbox } = (session as { own: unknown }).own as unknown as { inbox: { add(up: object, size: number): void } }
  const add = inbox.add.bind(inbox)
  let refused = 0
  inbox.add = (up, size) => {
    if ((up as { type: string }).type === 'watch' && refused === 0) {
      refused += 1
      throw new HeldStateError('inbox-full', 'no room')
    }
    add(up, size)
  }
  tab.state(second)
  tab.state(third)
  await clock.advance(2_500)
  await hub.modifyState(tab.token, third, (s) => void (s.n = 33))
  await clock.advance(100)
  expect([tab.state(second).n, tab.state(third).n, refused]).toEqual([1, 33, 1])
})
