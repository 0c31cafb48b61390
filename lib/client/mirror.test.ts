import { describe, expect, it } from 'vitest'
import type { Delta } from '../protocol/down.js'
import { emptyMirror, receive } from './mirror.js'

const mirror = { ...emptyMirror, status: 'live' as const, revision: 5, views: new Map<number, object>([[0, { n: 1 }]]) }
const delta = (from: number, to: number): Delta => ({ type: 'delta', from, to, patches: [[[0, 'n'], to]], settled: [] })
const outcome = (from: number, to: number) => receive(mirror, delta(from, to)).outcome

describe('a mirror at revision 5', () => {
  it('takes a delta that starts at 5', () => {
    expect(receive(mirror, delta(5, 7))).toEqual({
      outcome: 'applied',
      mirror: { ...mirror, revision: 7, views: new Map([[0, { n: 7 }]]) },
    })
    expect(mirror.views.get(0)).toEqual({ n: 1 })
  })
  it('drops a delta that it has already seen', () => {
    expect([outcome(3, 4), outcome(4, 5)]).toEqual(['duplicate', 'duplicate'])
  })
  it('sees a gap before a delta that starts later', () => {
    expect(outcome(6, 7)).toBe('gap')
  })
  it('sees a gap in a delta that starts earlier but brings something new', () => {
    expect(outcome(4, 6)).toBe('gap')
  })
  it('sees a gap in a delta whose patches do not fit', () => {
    expect(receive(mirror, { ...delta(5, 6), patches: [[[1, 'n'], 1]] }).outcome).toBe('gap')
  })
  it('takes a change that makes no revision: the status of a task', () => {
    expect(receive(mirror, delta(5, 5)).outcome).toBe('applied')
  })
  it('is replaced by a welcome, whatever its revision', () => {
    const welcome = {
      type: 'welcome' as const,
      token: 't',
      revision: 2,
      done: 0,
      number: 1,
      views: [undefined, { m: 1 }],
    }
    expect(receive(mirror, welcome)).toEqual({
      outcome: 'applied',
      mirror: { ...emptyMirror, status: 'live', revision: 2, views: new Map([[1, { m: 1 }]]) },
    })
  })
})
