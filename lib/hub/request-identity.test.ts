import { describe, expect, it } from 'vitest'
import { signToken } from '../instance/token.js'
import { type Caller, callerCookie, callersIn, parseCaller, writeCaller } from '../protocol/caller.js'
import { RequestIdentity } from './request-identity.js'

const id = (digit: string) => digit.repeat(32)
const callerOf = (tab: string, mark: string, browser = 'b'): Caller => ({
  mark: id(mark),
  signed: signToken(id(tab), browser, 'secret'),
})

describe('a caller', () => {
  it('comes out of a header as it was written, and nothing else does', () => {
    const caller = callerOf('1', 'a')
    expect(parseCaller(writeCaller(caller))).toEqual(caller)
    for (const text of [
      undefined,
      null,
      '',
      'x',
      caller.signed,
      `${writeCaller(caller)}0`,
      `${id('A')}.${caller.signed}`,
    ])
      expect(parseCaller(text)).toBeUndefined()
  })

  it('is found among the cookies, with others that are new', () => {
    const [one, two] = [callerOf('1', 'a'), callerOf('2', 'c')]
    const cookie = (caller: Caller, value = writeCaller(caller)) => `${callerCookie(caller.mark, false)}=${value}`
    expect(callersIn(`x=1; ${cookie(one)}; heldstate=2; ${cookie(two)}`, false)).toEqual([one, two])
    expect(callersIn(`${cookie(one, '')}; ${cookie(two, 'x')}; not-${cookie(one)}`, false)).toEqual([])
    const secure = `__Host-${cookie(one)}; ${cookie(two)}`
    expect(callersIn(secure, true)).toEqual([one])
    expect(callersIn(secure, false)).toEqual([one, two])
    expect(callersIn(null, false)).toEqual([])
  })

  it('speaks for its token only in the browser that it was signed for', () => {
    const callers = new RequestIdentity(['new', 'secret'])
    expect(callers.tokenOf(callerOf('1', 'a'), 'b')).toBe(id('1'))
    expect(callers.tokenOf(callerOf('1', 'a'), 'another')).toBeUndefined()
    expect(new RequestIdentity('other').tokenOf(callerOf('1', 'a'), 'b')).toBeUndefined()
  })
})

describe('a document', () => {
  it('is made for the one tab that its cookies name, and each mark counts for one document', () => {
    const callers = new RequestIdentity('secret')
    const [one, two] = [callerOf('1', 'a'), callerOf('2', 'c')]
    expect(callers.ofDocument([one], 'b')).toBe(one)
    expect(callers.ofDocument([one], 'b')).toBeUndefined()
    expect(callers.ofDocument([one, two], 'b')).toBe(two)
  })

  it('that is rendered again is made for the same tab, and no other document is', () => {
    const callers = new RequestIdentity('secret')
    const [one, two] = [callerOf('1', 'a'), callerOf('2', 'c')]
    expect(callers.ofDocument([one], 'b', 'first')).toBe(one)
    expect(callers.ofDocument([one], 'b', 'first')).toBe(one)
    expect(callers.ofDocument([one], 'b', 'second')).toBeUndefined()
    expect(callers.ofDocument([one], 'b')).toBeUndefined()
    expect(callers.ofDocument([one, two], 'b', 'second')).toBe(two)
    expect(callers.ofDocument([one, two], 'b', 'second')).toBe(two)
    expect(callers.ofDocument([one, two], 'b', 'first')).toBe(one)
  })

  it('is made for none where several tabs may be meant, until only one is left', () => {
    const callers = new RequestIdentity('secret')
    const [one, two] = [callerOf('1', 'a'), callerOf('2', 'c')]
    expect(callers.ofDocument([one, two], 'b')).toBeUndefined()
    expect(callers.ofDocument([two], 'b')).toBe(two)
  })

  it('is not held up by what another browser signed', () => {
    const callers = new RequestIdentity('secret')
    const own = callerOf('1', 'a')
    expect(callers.ofDocument([callerOf('2', 'c', 'another'), own], 'b')).toBe(own)
    expect(callers.ofDocument([callerOf('2', 'c', 'another')], 'b')).toBeUndefined()
  })

  it('is forgotten when very many have come since', () => {
    const callers = new RequestIdentity('secret')
    const mark = (index: number) => index.toString(16).padStart(32, '0')
    const of = (index: number): Caller => ({ ...callerOf('1', 'a'), mark: mark(index) })
    for (let index = 0; index < 10_000; index += 1) callers.ofDocument([of(index)], 'b')
    expect(callers.ofDocument([of(0)], 'b')).toBeUndefined()
    callers.ofDocument([of(10_000)], 'b')
    expect(callers.ofDocument([of(0)], 'b')).toEqual(of(0))
  })
})
