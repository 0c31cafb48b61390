import { expect, it } from 'vitest'
import type { Attack } from './scene.js'
import type { Phase, Result } from './stage.js'
import { broken, slow } from './targets.js'

const attack: Attack = { name: 'X', title: 'x', run: async () => ({ done: '' }) }
const phase = (p50: number, p99 = 10, delay = 5): Phase => ({
  clicks: 100,
  p50,
  p99,
  longest: p99,
  failed: {},
  delay: { p99: delay, max: delay },
})
const memory = { sessions: 1, instances: 1, tasks: 0, tokens: 1, logBytes: 0, polluted: [], live: 20_000_000, rss: 0 }
const fine: Result = {
  attack: 'X',
  outcome: { done: '', acted: 1 },
  before: phase(1),
  during: phase(2),
  after: phase(1),
  atFirst: memory,
  held: memory,
  atLast: memory,
  backMs: 0,
  peakRss: 0,
  newcomers: [5, 5],
  lines: [],
  lost: [],
  allowed: 10_000_000,
  allowedTokens: 1,
}

it('an attack that leaves nothing has no miss', () => {
  expect([broken(attack, fine), slow(attack, [fine])]).toEqual([[], []])
})

it.each<[string, Partial<Result>, Partial<Attack>?]>([
  ['a lost click', { lost: ['1 clicks failed'] }],
  ['a failed click', { during: { ...phase(1), failed: { offline: 1 } } }],
  ['a changed built-in', { atLast: { ...memory, polluted: ['Object.prototype.x'] } }],
  ['a token of a tab that never called', { atLast: { ...memory, tokens: 3 } }],
  ['memory that stays', { atLast: { ...memory, live: 31_000_000 } }],
  ['memory that is held', { held: { ...memory, live: 130_000_000 } }],
  ['a log that fills up', { atLast: { ...memory, logBytes: 1_000_000 } }],
  ['a handler that nobody names', { lines: ['other'] }, { named: /handler/ }],
  ['too many sessions', { held: { ...memory, sessions: 5 } }, { sessions: 3 }],
  ['a newcomer that is not welcomed', { newcomers: [undefined, 5] }],
])('%s is one miss', (_, change, more) => {
  expect(broken({ ...attack, ...more }, { ...fine, ...change })).toHaveLength(1)
})

it('times are judged by the median of the rounds, and not while the handler of an author holds the thread', () => {
  const bad = { ...fine, during: phase(6, 200, 60) }
  expect(slow(attack, [fine, bad, fine])).toEqual([])
  expect(slow(attack, [fine, bad, bad])).toHaveLength(3)
  expect(slow({ ...attack, holdsThread: true }, [bad])).toEqual([])
  expect(slow(attack, [{ ...fine, before: phase(3), during: phase(8) }])).toEqual([]) // less than three times
})
