import type { IncomingMessage } from 'node:http'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bucketKey, originOf } from './address.js'

describe('the key of an address', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::FFFF:cb00:7107', '203.0.113.7'],
    ['203.0.113.7:4711', '203.0.113.7'],
    ['[2001:db8::1]:443', '2001:db8:0:0::/64'],
    ['2001:db8:0:0:1:2:3:4', '2001:db8:0:0::/64'],
    ['2001:0DB8::', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    [' 10.0.0.1 ', '10.0.0.1'],
    ['a name', 'a name'],
    ['x'.repeat(5_000), 'x'.repeat(100)],
    ['', undefined],
    [undefined, undefined],
  ])('of %s is %s', (address, key) => {
    expect(bucketKey(address)).toBe(key)
  })
})

it('the addresses of one /64 have one key, however they are written', () => {
  const group = fc.integer({ min: 0, max: 0xffff })
  const groups = fc.tuple(group, group, group, group, group, group, group, group)
  const check = ([...network]: number[], rest: number[]) => {
    network[0] = (network[0] ?? 0) | 0x2000 // an address that maps no IPv4
    const texts = [...network.slice(0, 4), ...rest.slice(4)].map((number) => number.toString(16))
    const key = bucketKey(texts.join(':'))
    expect(key).toBe(`${texts.slice(0, 4).join(':')}::/64`)
    expect(bucketKey(`[${texts.map((text) => text.toUpperCase().padStart(4, '0')).join(':')}]:80`)).toBe(key)
    expect(bucketKey(`${texts.slice(0, 4).join(':')}::`)).toBe(key)
  }
  fc.assert(fc.property(groups, groups, check), { seed: 13, numRuns: 500 })
})

const from = (remoteAddress: string | undefined, headers: Record<string, string> = {}) =>
  ({ socket: { remoteAddress }, headers }) as unknown as IncomingMessage

describe('the address of a request', () => {
  it('is that of its socket', () => {
    expect(originOf(from('203.0.113.7'), undefined)).toEqual({ address: '203.0.113.7' })
    expect(originOf(from('127.0.0.2'), undefined)).toEqual({ address: '127.0.0.2' })
  })

  it.each(['127.0.0.1', '::1', '::ffff:10.1.2.3', '192.168.0.9', '172.31.0.1', 'fd00::1', undefined])(
    'is not known where a proxy at %s forwards it',
    (peer) => {
      for (const name of ['x-forwarded-for', 'forwarded', 'x-real-ip', 'cf-connecting-ip', 'x-forwarded-proto', 'via'])
        expect(originOf(from(peer, { [name]: '203.0.113.7' }), undefined)).toEqual({
          address: undefined,
          trouble: 'forwarded',
        })
    },
  )

  it.each(['203.0.113.7', '172.32.0.1', '2001:db8::1'])('stays that of %s, whatever headers it makes up', (peer) => {
    const { address } = originOf(from(peer, { 'x-forwarded-for': '198.51.100.1' }), undefined)
    expect(address).toBe(bucketKey(peer))
  })

  it('is what the app says it is', () => {
    const request = from('10.0.0.1', { 'x-real-ip': '203.0.113.7' })
    expect(originOf(request, ({ headers }) => headers['x-real-ip'] as string)).toEqual({ address: '203.0.113.7' })
    expect(originOf(request, () => undefined)).toEqual({ address: undefined })
  })

  it('is that of the socket where the app throws', () => {
    const addressOf = () => {
      throw new Error('on purpose')
    }
    expect(originOf(from('10.0.0.1'), addressOf)).toEqual({ address: '10.0.0.1', trouble: 'addressOf' })
  })
})
