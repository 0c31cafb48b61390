/** Optimistic events: what a page shows before the hub has answered, and that none of it survives what the hub says. */
import { expect, it, vi } from 'vitest'
import { defineState, Refusal } from '../doors/authors.js'
import { gate } from '../testing/await.fixture.js'
import { testHub } from '../testing/kit.js'
import { shownOf } from './mirror.js'

const list = defineState('list', () => ({ names: [] as string[], n: 0, rows: [{ done: false }, { done: false }] }))
  .private(() => ({ seen: 0 }))
  .events((on) => ({
    add: on({ optimistic: true }, (s, name: string) => {
      if (name === 'bad') throw new Refusal('no bad names')
      s.names.push(name)
    }),
    upper: on({ optimistic: (s, name: string) => void s.names.push(name) }, (s, name: string) => {
      if (name === 'bad') throw new Refusal('no bad names')
      s.names.push(name.toUpperCase())
    }),
    check: on({ optimistic: true }, (s, row: number) => {
      const found = s.rows[row]
      if (found) found.done = true
    }),
    plain: on((s) => void s.names.push('plain')),
    clear: on((s) => void (s.names = [])),
    peek: on({ optimistic: (s) => void (s as never as { seen: { deep: number } }).seen.deep }, (s) => void (s.n = 1)),
    parts: on({ optimistic: (s) => void s.names.push('all') }, async function* (s) {
      s.names.push('first')
      yield
      await pause.opened
      s.names.push('second')
    }),
  }))

const pause = gate()

async function page() {
  const kit = testHub([list])
  const tab = await kit.open()
  await tab.watch(list)
  const shown: string[] = []
  tab.onChange(() => {
    const now = tab.state(list).names.join(' ')
    if (now !== shown.at(-1)) shown.push(now)
  })
  const state = () => tab.state(list)
  return { ...kit, tab, state, shown }
}

it('shows an optimistic event at once, and then what the hub made of it', async () => {
  const { state, shown, clock } = await page()
  const call = state().upper('a')
  expect(state().names).toEqual(['a'])
  await clock.settle()
  await call
  expect(state().names).toEqual(['A'])
  expect(shown).toEqual(['a', 'A'])
})

it('takes it back when it is rejected, and keeps the others', async () => {
  const { state, shown, clock } = await page()
  const calls = [
    state().add('a'),
    state().add('bad').catch(String),
    state().upper('bad').catch(String),
    state().add('c'),
  ]
  await clock.settle()
  expect(await Promise.all(calls)).toEqual([
    undefined,
    expect.stringContaining('no bad names'),
    expect.stringContaining('no bad names'),
    undefined,
  ])
  expect(shown).toEqual(['a', 'a bad', 'a bad c', 'a c'])
  expect(state().names).toEqual(['a', 'c'])
})

it('puts what waits on top of what the hub says meanwhile', async () => {
  const { state, hub, tab, clock } = await page()
  tab.drop()
  const call = state().add('mine')
  expect(state().names).toEqual(['mine'])
  await hub.modifyState(tab.token, list, (s) => void s.names.push('theirs'))
  await tab.reconnect()
  await clock.settle()
  await call
  expect(state().names).toEqual(['theirs', 'mine'])
})

it('shows an effect once whose answer was lost on the way', async () => {
  const { state, tab, clock, shown } = await page()
  tab.wire.deaf = true
  const call = state().add('a')
  await clock.settle()
  tab.drop()
  tab.wire.deaf = false
  tab.wire.latency = () => 50 // the call that is sent again takes its time, the state that has it is here before
  await tab.reconnect()
  await clock.advance(1000)
  await call
  expect(shown).toEqual(['a'])
  expect(state().names).toEqual(['a'])
})

it('shows an effect once that is sent before the call has settled', async () => {
  const { state, tab, clock, shown } = await page()
  const call = state().parts()
  await clock.advance(100)
  expect(shown).toEqual(['all', 'first'])
  expect(shownOf(tab.tab.mirror.getState()).predictions).toEqual([])
  pause.open()
  await clock.advance(100)
  await call
  expect(shown).toEqual(['all', 'first', 'first second'])
})

it('keeps the identity of what neither side has changed', async () => {
  const { state, clock } = await page()
  const [before] = [state().rows]
  const call = state().check(0)
  expect(state().rows[0]).toEqual({ done: true })
  expect(state().rows[1]).toBe(before[1])
  expect(state()).toBe(state())
  await clock.settle()
  await call
  expect(state().rows[1]).toBe(before[1])
  expect(before[0]).toEqual({ done: false })
})

it('shows nothing of an event whose prediction fails, and says so to its author', async () => {
  const { state, clock } = await page()
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  const call = state().peek()
  expect(state().n).toBe(0)
  await clock.settle()
  await call
  expect(state().n).toBe(1)
  expect(warn).toHaveBeenCalledTimes(1)
  expect(warn.mock.calls[0]?.join()).toContain('Failed to predict an optimistic event')
  warn.mockRestore()
})

it('shows no prediction any more once the page has closed its connection for good', async () => {
  const { state, tab } = await page()
  tab.drop()
  const call = state()
    .add('a')
    .catch((error) => error.code)
  expect(state().names).toEqual(['a'])
  tab.close()
  expect(await call).toBe('connection-lost')
  expect(state().names).toEqual([])
})

it('cannot be changed through the arguments of its call', async () => {
  const { state, clock } = await page()
  const names = ['a']
  const call = state().add(names as never)
  names.push('b')
  expect(state().names).toEqual([['a']])
  await clock.settle()
  await call
})
