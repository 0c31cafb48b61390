import { describe, expect, it } from 'vitest'
import { look, type Now, nothingSeen } from './tries'

const idle: Now = { busy: false, kept: false, process: 'a', page: 1, isReload: false }
const busy: Now = { ...idle, busy: true, kept: true }
/** What was done after one look at the page after the other. */
function after(...times: (Partial<Now> | 'lost')[]) {
  let seen = nothingSeen
  for (const now of times) seen = now === 'lost' ? { ...seen, isLost: true } : look(seen, { ...busy, ...now })
  return seen.done
}

describe('what a visitor has tried', () => {
  it('is a reload while it ran', () => {
    expect(after({}, { page: 2, isReload: true })).toEqual(['reload'])
  })
  it('is no reload of a page that was left, and none of an idle one', () => {
    expect(after({}, { page: 2 })).toEqual([])
    expect(after(idle, { page: 2, isReload: true })).toEqual([])
  })
  it('is a lost line under the same process, and a kill under another one', () => {
    expect(after({}, 'lost', {})).toEqual(['line'])
    expect(after({}, 'lost', { process: 'b' })).toEqual(['kill'])
    expect(after(idle, 'lost', {})).toEqual([])
  })
  it('is a kill and a reload where the page was reloaded while the server was away', () => {
    expect(after({}, 'lost', { process: 'b', page: 2, isReload: true })).toEqual(['kill', 'reload'])
  })
  it('counts for nothing where what there was is gone', () => {
    expect(after({}, 'lost', { process: 'b', busy: false, kept: false })).toEqual([])
  })
  it('stays done', () => {
    expect(after({}, 'lost', {}, idle, { page: 2, isReload: true })).toEqual(['line'])
  })
})
