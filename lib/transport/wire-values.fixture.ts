/**
 * What a fuzzer sends: messages that a page could say, with the mistakes and the malice of one that is none. All of it comes
 * from a seed.
 */
import { protocolVersion } from '../protocol/version.js'
import type { Chance } from '../testing/chance.js'

export type Message = [name: unknown, ...args: unknown[]]

/** Names that a prototype has, and such as only look strange. */
const names = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'hasOwnProperty',
  '__defineGetter__',
  '__lookupSetter__',
  'then',
  'toJSON',
  'length',
  '$held',
  '',
  ' ',
  '0',
  '-1',
  'n',
  'list',
  'names',
  '\u0000',
  '\ud800',
  '\u2028',
  'ﬀ',
] as const

const numbers = [
  0,
  -0,
  1,
  -1,
  0.5,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 53 - 1,
  2 ** 53,
  -(2 ** 53),
  1e308,
  5e-324,
  1_000_000_000_000,
] as const

/** Texts of devalue, good and bad: what they hold, share, repeat or are not. */
const held = [
  '[["Date","1970-01-01T00:00:00.000Z"]]',
  '[["Date","never"]]',
  '[["Map",1,2],"a",["Set",3],["BigInt","7"]]',
  '[["Map",0,0]]',
  '[["Set",0]]',
  '[["RegExp","(a+)+$","g"]]',
  '[["Object",1]]',
  '[["null","__proto__",1],2]',
  '[{"__proto__":1},2]',
  '[{"constructor":1},{"prototype":2},3]',
  '[["Uint8Array","AAAA"]]',
  '[["ArrayBuffer","AAAA"]]',
  '[["Promise",1],1]',
  '[["URL","http://127.0.0.1/"]]',
  '[[-7,4294967294,0,1],1]',
  '[[-2,-2,-2]]',
  '[[1,1],[2,2],[3,3],[4,4],[5,5],[6,6],[7,7],[8,8],"x"]',
  '[[0]]',
  '[1e9]',
  '-1',
  '-3',
  '-9',
  '[]',
  '',
  '{}',
  'null',
  '[["Array",4294967295]]',
  '["x',
] as const

/** The same as a whole list of arguments. */
const heldArguments = [
  '[[1,2],"k",["Date","1970-01-01T00:00:00.000Z"]]',
  '[[1,2],"k",["Date","never"]]',
  '[[1,2],"k",["Map",1,3],["Set",4],["BigInt","7"]]',
  '[[1,2],"k",["Map",1,2]]',
  '[[1,2],"k",[2,2]]',
  '[[1,2],"k",[3,3,3,3],[4,4,4,4],[5,5,5,5],[6,6,6,6],"x"]',
  '[[1,2],"k",[3,3,3,3,3,3,3,3],"a text that many places name"]',
  '[[1,2],"k",["RegExp","(a+)+$","g"]]',
  '[[1,2],"__proto__",{"__proto__":1}]',
  '[[1,2],"k",["null","__proto__",1]]',
  '[[1,2],"k",{"constructor":3},{"prototype":1}]',
  '[[1,2],"k",["Object",3],"boxed"]',
  '[[1,2],"k",["Uint8Array","AAAA"]]',
  '[[1,-1]]',
  '[[-1,-2,-3,-4,-5,-6]]',
  '[[1,2],"k"]',
  '[[-7,4294967294,0,1],1]',
  '[["Set",1,1],1]',
  '[{"length":1},5]',
] as const

/** Sets an own property of any name, as a parser of JSON does. */
function put(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true })
}

export class WireValues {
  private readonly chance: Chance
  private id = 0
  /** Ids that were used. */
  private readonly used: unknown[] = []

  constructor(chance: Chance) {
    this.chance = chance
  }

  /** A page begins: its ids count from one. */
  begin(): void {
    this.id = 0
    this.used.length = 0
  }

  hex(): string {
    return Array.from({ length: 32 }, () => this.chance.below(16).toString(16)).join('')
  }

  text(): string {
    const { chance } = this
    if (chance.happens(0.6)) return chance.pick(names)
    if (chance.happens(0.1)) return 'x'.repeat(chance.pick([100, 1_000, 60_000]))
    return Array.from({ length: chance.below(12) }, () => String.fromCharCode(chance.below(0x3000))).join('')
  }

  value(depth = 0): unknown {
    const { chance } = this
    switch (chance.below(depth > 4 ? 5 : 10)) {
      case 0:
        return null
      case 1:
        return chance.happens(0.5)
      case 2:
        return chance.pick(numbers)
      case 3:
        return chance.below(20)
      case 4:
        return this.text()
      case 5:
      case 6:
        return Array.from({ length: chance.below(5) }, () => this.value(depth + 1))
      case 7:
        return { $held: chance.pick(held) }
      case 8:
        return chance.happens(0.1) ? this.deep() : this.object(depth)
      default:
        return this.object(depth)
    }
  }

  private object(depth: number): object {
    const made = {}
    for (let keys = this.chance.below(5); keys > 0; keys -= 1) put(made, this.text(), this.value(depth + 1))
    return made
  }

  /** Nested far deeper than what anybody means, or wider. */
  private deep(): unknown {
    const { chance } = this
    if (chance.happens(0.3)) return Array.from({ length: 5_000 }, (_, at) => at)
    let made: unknown = 'x'
    for (let depth = chance.pick([150, 250, 3_000]); depth > 0; depth -= 1)
      made = chance.happens(0.5) ? [made] : { a: made }
    return made
  }

  /** A hello, most of them as they are to be. `tokens` are signed ones that the hub has given before. */
  hello(tokens: readonly string[]): object {
    const { chance } = this
    const hello: Record<string, unknown> = {
      version: protocolVersion,
      page: this.hex(),
      subscriptions: [[0, 'tab', chance.happens(0.8) ? ['fuzzed'] : []]],
    }
    if (chance.happens(0.3)) hello.subscriptions = [...(hello.subscriptions as unknown[]), this.opening()]
    if (chance.happens(0.1)) hello.formers = [[this.hex(), chance.below(2)]]
    if (tokens.length > 0 && chance.happens(0.3)) hello.token = chance.pick(tokens)
    else if (tokens.length > 0 && chance.happens(0.1)) hello.copyOf = chance.pick(tokens)
    if (chance.happens(0.2)) hello.lastSeq = chance.below(2 ** 41)
    if (chance.happens(0.15))
      put(
        hello,
        chance.pick(['version', 'page', 'subscriptions', 'formers', 'token', 'copyOf', 'lastSeq', '__proto__']),
        this.value(),
      )
    if (chance.happens(0.1))
      hello.subscriptions = [[0, 'tab', Array.from({ length: chance.below(30) }, () => this.text())], this.value()]
    return hello
  }

  /** A message, or a batch of some. */
  message(nested = 0): Message {
    const { chance } = this
    const made = this.valid(nested)
    for (let times = chance.happens(0.5) ? 0 : 1 + chance.below(3); times > 0; times -= 1) this.mutate(made)
    return made
  }

  private nextId(): unknown {
    const { chance } = this
    if (this.used.length > 0 && chance.happens(0.05)) return chance.pick(this.used)
    if (chance.happens(0.03)) return chance.pick(numbers)
    this.id += chance.happens(0.05) ? 1 + chance.below(5) : 1
    this.used.push(this.id)
    return this.id
  }

  /** Mostly that of the tab itself. */
  private subscription(): unknown {
    const { chance } = this
    return chance.happens(0.9) ? 0 : chance.pick([1, 2, chance.below(20), ...numbers])
  }

  private opening(): readonly unknown[] {
    const { chance } = this
    const watch = chance.happens(0.8) ? ['fuzzed'] : [this.text()]
    return [1 + chance.below(4), chance.pick(['board', 'board', 'tab', this.text()]), watch]
  }

  private valid(nested: number): Message {
    const { chance } = this
    const kind = chance.below(22)
    const of = this.subscription()
    if (kind < 12) return ['call', of, this.nextId(), 'fuzzed', ...this.called()]
    const task = chance.pick(['sleeps', 'quick', 'add', this.text()])
    if (kind < 13) return ['cancel', of, this.nextId(), 'fuzzed', task, chance.pick([null, undefined, this.text()])]
    if (kind < 14) return ['wait', of, this.nextId(), 'fuzzed', task, chance.pick([chance.below(30), this.text()])]
    if (kind < 16) return ['watch', of, this.nextId(), chance.pick(['fuzzed', 'other', 'none', this.text()])]
    if (kind < 17) return ['resync', of]
    if (kind > 20) return ['open', ...this.opening()]
    if (kind > 19)
      return chance.pick([
        ['close', of],
        ['heard', chance.pick([chance.below(2 ** 41), ...numbers])],
      ])
    if (kind < 19 && nested < 2)
      return ['batch', Array.from({ length: chance.below(8) }, () => this.message(nested + 1))]
    return [this.text(), of, this.nextId(), this.value()]
  }

  /** A member and its arguments. */
  private called(): [member: string, args?: unknown] {
    const { chance } = this
    if (chance.happens(0.1))
      return [chance.pick(['put', 'put', 'at', 'along', 'named', 'twice']), { $held: chance.pick(heldArguments) }]
    switch (chance.below(10)) {
      case 0:
        return ['add', [chance.below(5)]]
      case 1:
        return ['put', [this.text(), this.value()]]
      case 2:
        return ['at', [chance.happens(0.5) ? chance.below(10) : this.text(), this.value()]]
      case 3:
        return ['along', [this.path(), this.value()]]
      case 4:
        return ['echo', [this.text()]]
      case 5:
        return ['named', [{ name: this.text(), more: this.value() }]]
      case 6:
        return ['twice', [this.value()]]
      case 7:
        return ['sleeps', [chance.below(5_000)]]
      case 8:
        return chance.happens(0.5) ? ['quick'] : ['later', [chance.below(3)]]
      default:
        return [this.text(), [this.value()]]
    }
  }

  /** Most of them begin at a field, and go on to where no name from outside may lead. */
  private path(): string[] {
    const { chance } = this
    const start = chance.happens(0.8) ? [chance.pick(['n', 'list', 'names', 'when', 'size'])] : []
    return [...start, ...Array.from({ length: 1 + chance.below(3) }, () => chance.pick(names))]
  }

  /** One mistake, anywhere in a message. */
  private mutate(message: unknown[]): void {
    const { chance } = this
    const at = chance.below(message.length + 1)
    const there = message[at]
    if (Array.isArray(there) && there.length > 0 && chance.happens(0.5)) return this.mutate(there)
    switch (chance.below(6)) {
      case 0:
        message.splice(at, 1)
        break
      case 1:
        message.splice(at, 0, this.value())
        break
      case 2:
        if (message.length > 0) message.splice(at, 0, message[chance.below(message.length)])
        break
      case 3:
        message.length = at
        break
      default:
        if (at < message.length) message[at] = this.value()
    }
  }
}
