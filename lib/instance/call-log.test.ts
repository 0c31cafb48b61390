import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { defaultLimits } from '../base/limits.js'
import type { CallEnd } from '../store/store.js'
import { type CallLog, hasForgotten, merged, outcomeOf, withSettled, withSettledEarly } from './call-log.js'

const failure = { code: 'handler-failed', message: 'no' } as const
const name = (id: number, page = 'a') => ({ page, id })
const end = (calls: CallLog, id: number, failed = false, page = 'a') =>
  withSettled(calls, name(id, page), failed ? failure : undefined, defaultLimits)

describe('past calls', () => {
  it('know every call up to the last one that ended in its turn', () => {
    const calls = end(end(end([], 1), 2, true), 5)
    expect(outcomeOf(calls, name(1))).toEqual({ id: 1 })
    expect(outcomeOf(calls, name(2))).toEqual({ id: 2, failure })
    expect(outcomeOf(calls, name(5))).toEqual({ id: 5 })
    expect(outcomeOf(calls, name(6))).toBeUndefined()
    expect(outcomeOf(calls, name(1, 'b'))).toBeUndefined()
  })

  it('know a call that has ended out of turn, and not those before it', () => {
    const calls = withSettledEarly(end([], 1), name(4), undefined, defaultLimits)
    expect(outcomeOf(calls, name(4))).toEqual({ id: 4, failure: undefined })
    expect(outcomeOf(calls, name(3))).toBeUndefined()
    expect(end(calls, 5)).toEqual([{ page: 'a', done: 5, ends: [], forgotten: 0 }])
  })

  it('take back that a call was interrupted, once it has ended well', () => {
    const calls = end(end([], 1, true), 1)
    expect(outcomeOf(calls, name(1))).toEqual({ id: 1 })
  })

  it('have forgotten no page that began after the last call of one that they know', () => {
    let calls: CallLog = []
    for (const [at, page] of ['a', 'b', 'c', 'd', 'e'].entries())
      calls = withSettled(calls, name(1, page), undefined, defaultLimits, 10 * (at + 1))
    expect(calls.map(({ page, revision }) => [page, revision])).toEqual([
      ['b', 20],
      ['c', 30],
      ['d', 40],
      ['e', 50],
    ])
    expect(hasForgotten(calls, 'a', 5, defaultLimits)).toBe(true)
    expect(hasForgotten(calls, 'new', 20, defaultLimits)).toBe(false)
    const later = withSettled(calls, name(2, 'b'), undefined, defaultLimits, 60)
    expect(hasForgotten(later, 'new', 20, defaultLimits)).toBe(true)
    expect(hasForgotten(later.slice(1), 'new', 20, defaultLimits)).toBe(false)
    const ofAnOlderVersion = calls.map(({ revision: _, ...known }) => known)
    expect(hasForgotten(ofAnOlderVersion, 'new', 20, defaultLimits)).toBe(true)
    expect(merged(calls, later).map(({ revision }) => revision)).toEqual([60, 30, 40, 50])
    const elsewhere = withSettled([], name(1, 'late'), undefined, defaultLimits, 3) // by a process that knew revision 2
    const moved = merged(calls.slice(1), elsewhere)
    expect(moved.map(({ page }) => page)).toEqual(['c', 'd', 'e', 'late'])
    expect(hasForgotten(moved, 'new', 20, defaultLimits)).toBe(true)
  })

  it('remember a bounded number of failures, and say of older ones that they do not know', () => {
    let calls: CallLog = []
    for (let id = 1; id <= defaultLimits.rememberedEnds + 5; id += 1)
      calls = withSettled(calls, name(id), { ...failure, message: `no ${id}` }, defaultLimits)
    expect(calls[0]?.ends).toHaveLength(defaultLimits.rememberedEnds)
    expect(outcomeOf(calls, name(5))).toBe('unknown')
    expect(outcomeOf(calls, name(6))).toMatchObject({ failure: { ...failure, message: 'no 6' } })
  })

  it('remember neighbours that failed in the same way as one range, and each of them by its number', () => {
    let calls: CallLog = []
    for (let id = 5; id <= 50_000; id += 1) calls = withSettledEarly(calls, name(id), failure, defaultLimits)
    expect(calls).toEqual([{ page: 'a', done: 0, ends: [{ first: 5, id: 50_000, failure }], forgotten: 0 }])
    expect(outcomeOf(calls, name(4))).toBeUndefined()
    expect(outcomeOf(calls, name(777))).toEqual({ id: 777, failure })
    expect(outcomeOf(calls, name(50_001))).toBeUndefined()
  })

  it('take one call out of a range', () => {
    let calls: CallLog = []
    for (let id = 1; id <= 5; id += 1) calls = end(calls, id, true)
    calls = end(calls, 3)
    expect(calls[0]?.ends).toEqual([
      { id: 2, first: 1, failure },
      { id: 5, first: 4, failure },
    ])
    expect([2, 3, 4].map((id) => outcomeOf(calls, name(id)))).toEqual([
      { id: 2, failure },
      { id: 3 },
      { id: 4, failure },
    ])
    calls = end(end(calls, 5), 4)
    expect(calls[0]?.ends).toEqual([{ id: 2, first: 1, failure }])
  })

  it('of a range, a save knows better about what had ended before it', () => {
    let mine: CallLog = []
    for (let id = 1; id <= 5; id += 1) mine = end(mine, id, true)
    const calls = merged(end([], 3), mine)
    expect([3, 4, 5].map((id) => outcomeOf(calls, name(id)))).toEqual([
      { id: 3 },
      { id: 4, failure },
      { id: 5, failure },
    ])
  })

  it('remember a bounded number of pages, the ones that spoke last', () => {
    let calls: CallLog = []
    for (const page of ['a', 'b', 'c', 'd', 'a', 'e', 'f']) calls = end(calls, 1, false, page)
    expect(calls.map(({ page }) => page)).toEqual(['d', 'a', 'e', 'f'])
  })

  it('that a save has missed are merged with what it kept, which knows better about its own time', () => {
    const stored = end(end([], 1), 2, true)
    const remembered = end(end(end(end([], 1, true), 2), 3), 4, true)
    const calls = merged(stored, remembered)
    expect([1, 2, 3, 4, 5].map((id) => outcomeOf(calls, name(id)))).toEqual([
      { id: 1 },
      { id: 2, failure },
      { id: 3 },
      { id: 4, failure },
      undefined,
    ])
    expect(merged([], remembered)).toEqual(remembered)
    expect(merged(stored, [])).toEqual(stored)
  })

  it('agree with a plain list of all ends', () => {
    const step = fc.record({
      page: fc.constantFrom('a', 'b'),
      failed: fc.constantFrom(undefined, 'no', 'never'),
      early: fc.boolean(),
      again: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let calls: CallLog = []
        const plain = new Map<string, CallEnd>()
        const next = new Map<string, number>()
        for (const { page, failed, early, again } of steps) {
          const last = next.get(page) ?? 0
          const id = again && last > 0 ? last : last + 1
          next.set(page, id)
          const how = failed ? { ...failure, message: failed } : undefined
          calls = (early ? withSettledEarly : withSettled)(calls, { page, id }, how, defaultLimits)
          plain.set(`${page}${id}`, { id, failure: how })
        }
        for (const [page, last] of next)
          for (let id = 1; id <= last + 1; id += 1) {
            const known = outcomeOf(calls, { page, id }) as CallEnd | undefined
            expect(known && { id: known.id, failure: known.failure }).toEqual(plain.get(`${page}${id}`))
          }
      }),
    )
  })
})
