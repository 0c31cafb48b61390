import { describe, expect, it } from 'vitest'
import type { Change } from '../protocol/down.js'
import { emptyMirror, receive, shownOf } from './mirror.js'

const empty = shownOf(emptyMirror)
const shown = { ...empty, revision: 5, views: new Map<number, object>([[0, { n: 1 }]]) }
const change = (from: number, to: number): Change => ({
  subscription: 0,
  from,
  to,
  patches: [[[0, 'n'], to]],
  settled: [],
})
const outcome = (from: number, to: number) => receive(shown, change(from, to)).outcome

describe('what is shown at revision 5', () => {
  it('takes a delta that starts at 5', () => {
    expect(receive(shown, change(5, 7))).toEqual({
      outcome: 'applied',
      shown: { ...shown, revision: 7, views: new Map([[0, { n: 7 }]]) },
    })
    expect(shown.views.get(0)).toEqual({ n: 1 })
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
    expect(receive(shown, { ...change(5, 6), patches: [[[1, 'n'], 1]] }).outcome).toBe('gap')
  })
  it('takes a change that makes no revision: the status of a task', () => {
    expect(receive(shown, change(5, 5)).outcome).toBe('applied')
  })
  it('is replaced by a welcome, whatever its revision', () => {
    const welcome = {
      type: 'welcome' as const,
      subscription: 0,
      birth: 'b',
      revision: 2,
      lastCallId: 0,
      views: [undefined, { m: 1 }],
    }
    expect(receive(shown, welcome)).toEqual({
      outcome: 'applied',
      shown: { ...empty, revision: 2, birth: 'b', views: new Map([[1, { m: 1 }]]) },
    })
  })
})
