/**
 * The address that a request is counted under. The socket tells it where nothing stands before the server. Behind a proxy only the
 * app's own `addressOf` can tell, because a header that names an address is a claim that anyone can write.
 */
import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'
import { edgeLimits } from '../base/server-limits.js'

/** What the buckets of addresses need to know of a request. */
export interface Origin {
  /** The key of its buckets: an IPv4 address or an IPv6 /64; `undefined` if it is not known, and then nothing is counted. */
  readonly address: string | undefined
  /** What the log should say once: a proxy forwards requests, or `addressOf` threw. */
  readonly trouble?: 'forwarded' | 'addressOf'
}

/**
 * Without `addressOf`, forwarding headers count only from a peer that can be a proxy of the app's own: one on this machine or in a
 * private network. A visitor comes from a public address, so headers that it makes up do not free it from its bucket.
 */
export function originOf(
  request: IncomingMessage,
  addressOf: ((request: IncomingMessage) => string | undefined) | undefined,
): Origin {
  const peer = request.socket.remoteAddress
  if (addressOf) {
    try {
      return { address: bucketKey(addressOf(request)) }
    } catch {
      return { address: bucketKey(peer), trouble: 'addressOf' }
    }
  }
  if (!isForwarded(request)) return { address: bucketKey(peer) }
  return { address: peer === undefined || isNear(peer) ? undefined : bucketKey(peer), trouble: 'forwarded' }
}

/** One visitor has a whole /64 of IPv6, so its addresses are one key. A port behind the address, as some proxies write it, is cut. */
export function bucketKey(given: string | undefined): string | undefined {
  if (typeof given !== 'string') return undefined
  const address = bare(given.trim())
  if (address === '') return undefined
  if (isIP(address) === 4) return address
  if (isIP(address) !== 6) return address.slice(0, edgeLimits.addressText)
  const groups = groupsOf(address)
  const [, , , , , mark, high = 0, low = 0] = groups
  if (mark === 0xffff && groups.slice(0, 5).every((group) => group === 0))
    return [high >> 8, high & 255, low >> 8, low & 255].join('.')
  const network = groups.slice(0, 4).map((group) => group.toString(16))
  return `${network.join(':')}::/64`
}

function bare(address: string): string {
  const [, bracketed, plain] = /^\[([^\]]*)\](?::\d+)?$|^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(address) ?? []
  return (bracketed ?? plain ?? address).replace(/%.*/s, '')
}

/** The eight groups of an IPv6 address. */
function groupsOf(address: string): number[] {
  const hexadecimal = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...bytes: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = bytes.map(Number)
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
  })
  const [left = '', right] = hexadecimal.split('::').map((part) => part.split(':').filter(Boolean))
  const before = [...left]
  const after = right ?? []
  const between = Array<string>(8 - before.length - after.length).fill('0')
  return [...before, ...between, ...after].map((group) => Number.parseInt(group, 16))
}

const forwarding = [
  'cf-connecting-ip',
  'fastly-client-ip',
  'fly-client-ip',
  'forwarded',
  'true-client-ip',
  'via',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-real-ip',
]

function isForwarded({ headers }: IncomingMessage): boolean {
  if (forwarding.some((name) => headers[name] !== undefined)) return true
  return Object.keys(headers).some((name) => name.startsWith('x-forwarded-'))
}

const near = new BlockList()
for (const [network, bits] of [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const)
  near.addSubnet(network, bits, 'ipv4')
for (const [network, bits] of [
  ['::1', 128],
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  near.addSubnet(network, bits, 'ipv6')

/** On this machine or in a private network. */
export function isNear(peer: string): boolean {
  const key = bucketKey(peer)
  if (key !== undefined && isIP(key) === 4) return near.check(key, 'ipv4')
  const address = bare(peer)
  return isIP(address) === 6 && near.check(address, 'ipv6')
}
