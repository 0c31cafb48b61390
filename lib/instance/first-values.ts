/**
 * The values with which a state begins. They are not saved until something changes, so they have to be the same for a token in every
 * process and after a restart: what `init` takes for chance follows from the token and the secret, and its time is that of the token.
 */
import nodeCrypto, { createHmac } from 'node:crypto'
import type { Clock } from '../base/clock.js'
import { diff } from '../delta/diff.js'
import type { ServerDefinition } from '../state/define.js'
import type { Members } from '../state/members.js'
import type { Fields } from '../store/store.js'
import { birthOf } from './token.js'

export class FirstValues {
  private readonly clock: Pick<Clock, 'now'>
  private readonly secret: string
  /** First values that depend on neither chance nor time, so all tokens share them. `undefined` for a state with others. */
  private readonly shared = new WeakMap<Members, Fields | undefined>()

  constructor(clock: Pick<Clock, 'now'>, secret: string) {
    this.clock = clock
    this.secret = secret
  }

  /** The first values of a state of this token. The caller must not change them. */
  of(definition: ServerDefinition, token: string): Fields {
    return this.sharedBy(definition) ?? this.drawn(definition.members, token, birthOf(token, this.clock.now()))
  }

  /** The first values that all tokens share; `undefined` if they depend on the token. The caller must not change them. */
  sharedBy({ members }: ServerDefinition): Fields | undefined {
    const known = this.shared.get(members)
    if (known || this.shared.has(members)) return known
    const shared = this.constantOf(members)
    this.shared.set(members, shared)
    return shared
  }

  private constantOf(members: Members): Fields | undefined {
    const [one, other] = [this.drawn(members, 'one', 0), this.drawn(members, 'another', 1e12)]
    return diff(one, other).length === 0 ? one : undefined
  }

  private drawn(members: Members, token: string, time: number): Fields {
    let drawn = 0
    const bytes = (size: number) => {
      const chunks: Buffer[] = []
      for (let length = 0; length < size; length += 32) {
        drawn += 1
        chunks.push(createHmac('sha256', this.secret).update(`first values ${token} ${drawn}`).digest())
      }
      return Buffer.concat(chunks).subarray(0, size)
    }
    return steadily(bytes, time, () => members.initial())
  }
}

type Bytes = (size: number) => Buffer

/** Runs `work`, which waits for nothing, with the globals of chance and time replaced. */
function steadily<T>(bytes: Bytes, time: number, work: () => T): T {
  const replaced: [object: object, name: string, value: unknown][] = [
    [Math, 'random', () => bytes(6).readUIntBE(0, 6) / 2 ** 48],
    [globalThis, 'Date', dateAt(time)],
    [globalThis.crypto, 'randomUUID', () => uuidOf(bytes)],
    [globalThis.crypto, 'getRandomValues', (array: ArrayBufferView) => filled(array, bytes)],
    [nodeCrypto, 'randomUUID', () => uuidOf(bytes)],
    [nodeCrypto, 'randomBytes', bytes],
  ]
  const restores = replaced.map(([object, name, value]) => {
    const before = Object.getOwnPropertyDescriptor(object, name)
    Object.defineProperty(object, name, {
      value,
      configurable: true,
      enumerable: before?.enumerable ?? false,
      writable: true,
    })
    return () => (before ? Object.defineProperty(object, name, before) : Reflect.deleteProperty(object, name))
  })
  try {
    return work()
  } finally {
    for (const restore of restores) restore()
  }
}

function uuidOf(bytes: Bytes): string {
  const hex = bytes(16).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`
}

function filled<T extends ArrayBufferView>(array: T, bytes: Bytes): T {
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength).set(bytes(array.byteLength))
  return array
}

function dateAt(time: number): typeof Date {
  return new Proxy(Date, {
    get: (target, key) => (key === 'now' ? () => time : Reflect.get(target, key)),
    apply: () => new Date(time).toString(),
    construct: (target, args, made) => Reflect.construct(target, args.length === 0 ? [time] : args, made),
  })
}
