/**
 * Time and chance for a module that is evaluated. Bundlers evaluate it once for the server and once for the browser, in
 * other processes, and a first value of `Date.now()` or `crypto.randomUUID()` must be the same in both: React would find
 * HTML that is not its own. So the time is that of the file, and chance follows from its text.
 */
import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'

export interface Steady {
  readonly Date: typeof Date
  readonly Math: typeof Math
  readonly crypto: typeof crypto
}

export function steadyFor(file: string, source: string): Steady {
  const time = Math.floor(statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0)
  const bytes = bytesFrom(source)
  const random = () => bytes(6).readUIntBE(0, 6) / 2 ** 48
  return { Date: dateAt(time), Math: withMembers(Math, { random }), crypto: withMembers(crypto, randomMembers(bytes)) }
}

/** Node's own module of that name has the same two functions. */
export const steadyCrypto = (module: object, { crypto: { randomUUID, getRandomValues } }: Steady) =>
  withMembers(module, { randomUUID, getRandomValues })

type Bytes = (size: number) => Buffer

function bytesFrom(source: string): Bytes {
  let drawn = 0
  return (size) => {
    drawn += 1
    return createHash('shake256', { outputLength: size }).update(`${drawn} ${source}`).digest()
  }
}

function randomMembers(bytes: Bytes) {
  return {
    getRandomValues: <T extends ArrayBufferView>(array: T): T => {
      new Uint8Array(array.buffer, array.byteOffset, array.byteLength).set(bytes(array.byteLength))
      return array
    },
    randomUUID: () => {
      const hex = bytes(16).toString('hex')
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`
    },
  }
}

function dateAt(time: number): typeof Date {
  return new Proxy(Date, {
    get: (target, key) => (key === 'now' ? () => time : Reflect.get(target, key)),
    apply: () => new Date(time).toString(),
    construct: (target, args, made) => Reflect.construct(target, args.length === 0 ? [time] : args, made),
  })
}

/** `object` with other members; its own functions still find their `this`. */
function withMembers<T extends object>(object: T, members: Readonly<Record<string, unknown>>): T {
  return new Proxy(object, {
    get: (target, key) => {
      if (typeof key === 'string' && Object.hasOwn(members, key)) return members[key]
      const value = Reflect.get(target, key)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
