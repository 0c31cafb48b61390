/**
 * A fuzzer of the wire. Pages that keep to no protocol talk to a hub, and an honest one stands beside them. What must hold:
 * nothing is thrown, each message that names a call is settled once and with a code of ours, what is said is bounded, no
 * built-in is touched, and the honest page goes on.
 */

import { z } from 'zod'
import type { Json } from '../base/encode.js'
import { isHeldStateError } from '../base/errors.js'
import { defineState } from '../doors/authors.js'
import type { HubRuntime } from '../hub/hub.js'
import { type Down, parseDown } from '../protocol/down.js'
import type { Session } from '../session/session.js'
import { Chance } from '../testing/chance.js'
import { testHub } from '../testing/kit.js'
import { watchBuiltIns } from './built-ins.fixture.js'
import { type Message, WireValues } from './wire-values.fixture.js'

/** Characters of what a failure says, at most: what a page is told is a few sentences. */
const failureText = 700
/** Characters of one message from the hub; what the fuzzed state holds is far less. */
const messageText = 4_000_000

interface Open {
  [name: string]: unknown
}

export const fuzzed = defineState('fuzzed', () => ({
  n: 0,
  list: [] as unknown[],
  names: {} as Open,
  when: new Date(0),
}))
  .computed({ size: (s) => s.list.length + Object.keys(s.names).length })
  .tasks((background) => ({
    sleeps: background(async ({ sleep, update }, ms: number) => {
      await sleep(ms)
      await update((s) => (s.n += 1))
    }),
    quick: background({ concurrency: 'single' }, async ({ update }) => void (await update((s) => (s.n += 1)))),
  }))
  .events((on, { quick }) => ({
    add: on((s, by: number) => {
      s.n += by
    }),
    put: on((s, name: string, value: unknown) => {
      s.names = { ...(Object.keys(s.names).length < 20 ? s.names : {}) }
      s.names[name] = value
    }),
    at: on((s, index: number, value: unknown) => {
      if (s.list.length > 20) s.list = []
      s.list[index] = value
    }),
    along: on((s, path: string[], value: unknown) => {
      let place = s as unknown as Open
      for (const key of path.slice(0, -1)) {
        place = place[key] as Open
        if (typeof place !== 'object' && typeof place !== 'function') return // a text or a number leads to its prototype in any JavaScript
      }
      place[path.at(-1) as string] = value
    }),
    echo: on((_, text: string) => {
      throw new Error(text)
    }),
    named: on(z.object({ name: z.string().max(9), more: z.record(z.string(), z.number()).optional() }), (s, given) => {
      s.names.given = given.name
    }),
    twice: on(async function* (s, value: unknown) {
      s.n += 1
      yield
      s.names.twice = value
    }),
    later: on(async (s, turns: number) => {
      for (let turn = 0; turn < Math.min(turns, 5); turn += 1) await new Promise((resolve) => setImmediate(resolve))
      s.n += 1
      return quick()
    }),
  }))

export const honest = defineState('honest', () => ({ clicks: 0 })).events((on) => ({
  click: on((s) => {
    s.clicks += 1
  }),
}))

export interface FuzzReport {
  readonly messages: number
  readonly pages: number
  /** Settlements by their code; `done` are those that did not fail. */
  readonly ends: Readonly<Record<string, number>>
  /** What should not have been, each kind once with the seed of its page. */
  readonly faults: readonly string[]
}

/** Collects faults, each kind once. */
export class Faults {
  private readonly kinds = new Map<string, string>()

  add(kind: string, detail: string): void {
    if (!this.kinds.has(kind)) this.kinds.set(kind, `${kind}: ${detail.slice(0, 400)}`)
  }

  get all(): string[] {
    return [...this.kinds.values()]
  }
}

/** What a page is told, checked as it comes. */
export class Heard {
  readonly settled = new Map<number, number>()
  readonly ends: Record<string, number> = {}
  failures = 0
  farewells = 0
  /** Subscriptions that were refused or have ended. */
  closed = 0
  token: string | undefined
  private readonly faults: Faults

  constructor(faults: Faults) {
    this.faults = faults
  }

  hear(name: unknown, args: readonly unknown[], page: string): void {
    let down: Down
    try {
      down = parseDown(name, args)
    } catch (error) {
      return this.faults.add('an answer that is none', `${page} ${String(name)} ${error}`)
    }
    const size = JSON.stringify(args).length
    if (size > messageText) this.faults.add('a long message', `${page} ${String(name)} of ${size} characters`)
    if (down.type === 'hi') this.token = down.token
    if (down.type === 'failure') this.failures += 1
    if (down.type === 'farewell') this.farewells += 1
    if (down.type === 'closed') this.closed += 1
    if (down.type === 'failure' || down.type === 'farewell' || down.type === 'closed') this.check(down.failure, page)
    if (down.type === 'delta')
      for (const { id, failure } of down.changes.flatMap(({ subscription, settled }) =>
        subscription === 0 ? settled : [],
      )) {
        this.settled.set(id, (this.settled.get(id) ?? 0) + 1)
        const end = failure?.code ?? 'done'
        this.ends[end] = (this.ends[end] ?? 0) + 1
        if (failure) this.check(failure, page)
      }
  }

  private check({ code, message }: { code: string; message: string }, page: string): void {
    if (message.length > failureText)
      this.faults.add(`a long text of ${code}`, `${page} ${message.length} characters: ${message.slice(0, 60)}`)
  }
}

const withoutId: readonly unknown[] = ['resync', 'open', 'close', 'heard']

/** The ids of calls to the tab's own state in a message, once for each time that it must be settled. */
export function idsIn([name, ...args]: Message, limits: { readonly callsPerTab: number }): number[] {
  const idOf = ([name, subscription, id]: readonly unknown[]) =>
    !withoutId.includes(name) && subscription === 0 && isCount(id) ? [id] : []
  if (name !== 'batch') return idOf([name, ...args])
  const [messages] = args
  const fits = Array.isArray(messages) && messages.length <= limits.callsPerTab && messages.every(Array.isArray)
  return fits ? (messages as unknown[][]).flatMap(idOf) : []
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

/** Each id as often settled as it was sent. A message that came before the welcome may have got a failure without an id. */
export function checkSettled(sent: readonly number[], heard: Heard, faults: Faults, page: string): void {
  const counts = new Map<number, number>()
  for (const id of sent) counts.set(id, (counts.get(id) ?? 0) + 1)
  let unanswered = 0
  for (const [id, count] of counts) {
    const times = heard.settled.get(id) ?? 0
    if (times > count) faults.add('a call was settled twice', `${page} id ${id}, ${times} times for ${count}`)
    unanswered += Math.max(0, count - times)
  }
  for (const id of heard.settled.keys())
    if (!counts.has(id)) faults.add('a call was settled that nobody made', `${page} id ${id}`)
  if (unanswered > heard.failures) faults.add('calls got no answer', `${page} ${unanswered} of ${sent.length}`)
}

/** Lines of the log that say that heldstate itself has failed, and not what its author wrote. */
export const ownFaults = /could not be run|could not be told|could not be dropped/

export interface FuzzOptions {
  readonly seed: number
  readonly messages: number
  say?(line: string): void
  /** A page begins, with its seed. */
  begins?(seed: number): void
}

/** Over `hub.connect`, as fast as it goes. */
export async function fuzzHub({ seed, messages, say = () => {}, begins = () => {} }: FuzzOptions): Promise<FuzzReport> {
  const faults = new Faults()
  const builtIns = watchBuiltIns()
  const unhandled = (reason: unknown) =>
    faults.add('an unhandled rejection', String((reason as Error)?.stack ?? reason))
  process.on('unhandledRejection', unhandled)
  const kit = testHub([fuzzed, honest], { limits: { retainMs: 60_000 } })
  kit.hub.addresses.set('board', () => 'b'.repeat(32))
  const beside = await kit.open()
  const clicks = await beside.watch(honest)
  const tokens: string[] = []
  const browser = 'ab'.repeat(16)
  const ends: Record<string, number> = {}
  let sent = 0
  let pages = 0
  let looked = 0
  let acknowledged = 0
  for (; sent < messages; pages += 1) {
    begins(seed + pages)
    const chance = new Chance(seed + pages)
    const values = new WireValues(chance)
    const heard = new Heard(faults)
    const ids: number[] = []
    const page = `seed ${seed + pages}`
    const session = connect(kit.hub, values.hello(tokens), browser, heard, faults, page)
    if (session && chance.happens(0.9)) await kit.clock.settle()
    for (let left = session ? 1 + chance.below(40) : 0; session && left > 0; left -= 1) {
      const message = values.message()
      const carried = chance.happens(0.97) ? overTheWire(message) : withParts(message, chance)
      ids.push(...idsIn(carried, kit.hub.limits))
      sent += 1
      receive(session.session, carried, faults, page)
      if (chance.happens(0.1)) await kit.clock.settle()
      if (chance.happens(0.02)) await kit.clock.advance(chance.below(3_000))
    }
    sent += session ? 0 : 1
    await kit.clock.advance(100)
    await kit.done(clicks.click()).then(
      () => {
        acknowledged += 1
      },
      (error) => faults.add('an honest click failed', `${page} ${error}`),
    )
    await kit.clock.advance(20_000)
    const shown = beside.state(honest).clicks
    if (shown !== acknowledged)
      faults.add('an honest page shows something else', `${page} ${shown} of ${acknowledged} clicks`)
    if (session) {
      if (!session.closed()) checkSettled(ids, heard, faults, page)
      else if (heard.farewells + heard.failures === 0) faults.add('a connection was closed without a word', page)
      kit.hub.disconnected(session.session)
    }
    if (heard.token && tokens.push(heard.token) > 20) tokens.shift()
    for (const [end, count] of Object.entries(heard.ends)) ends[end] = (ends[end] ?? 0) + count
    const { lines } = kit.log
    for (; looked < lines.length; looked += 1)
      if (ownFaults.test(lines[looked] ?? '')) faults.add('the log says', `${page} ${lines[looked]}`)
    const touched = builtIns.changed()
    if (touched.length > 0) faults.add('built-ins were changed', `${page} ${touched.join(', ')}`)
    builtIns.restore()
    if (pages % 20 === 19) await kit.clock.advance(70_000) // forgets the tabs before
    if (pages % 1_000 === 999) say(`${sent} messages of ${pages + 1} pages`)
  }
  await kit.hub.close()
  process.off('unhandledRejection', unhandled)
  return { messages: sent, pages, ends, faults: faults.all }
}

function connect(hub: HubRuntime, hello: object, browser: string, heard: Heard, faults: Faults, page: string) {
  let closed = false
  const connection = {
    cookies: undefined,
    send: (name: string, ...args: Json[]) => heard.hear(name, JSON.parse(JSON.stringify(args)) as unknown[], page),
    close: () => {
      closed = true
    },
  }
  try {
    return { session: hub.connect(connection, JSON.parse(JSON.stringify(hello)), browser), closed: () => closed }
  } catch (error) {
    if (!isHeldStateError(error)) faults.add('a hello threw', `${page} ${(error as Error).stack}`)
    return undefined
  }
}

function receive(session: Session, [name, ...args]: Message, faults: Faults, page: string): void {
  try {
    session.receive(name, args)
  } catch (error) {
    faults.add('a message threw', `${page} ${(error as Error).stack}`)
  }
}

/** As the parser of Socket.IO gives it. */
const overTheWire = (message: Message) => JSON.parse(JSON.stringify(message)) as Message

/** Also what only Socket.IO can carry: parts that are binary, and a function for its acknowledgement. */
function withParts(message: Message, chance: Chance): Message {
  const carried = overTheWire(message)
  const at = chance.below(carried.length + 1)
  carried.splice(at, chance.below(2), chance.happens(0.5) ? Buffer.alloc(chance.below(50)) : () => {})
  return carried
}
