/**
 * The fuzzer of the wire over real sockets: the same messages as packets of Socket.IO, some of them broken, with binary
 * parts, acknowledgements, namespaces and packets of the engine in between.
 */
import { setTimeout } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { crowdLimits } from '../base/crowd-limits.js'
import { socketWire } from '../client/socket.js'
import { Tab } from '../client/tab.js'
import { socketPath } from '../protocol/path.js'
import { Chance } from '../testing/chance.js'
import { watchBuiltIns } from './built-ins.fixture.js'
import { cookieOf, listening } from './server.fixture.js'
import {
  checkSettled,
  Faults,
  type FuzzOptions,
  type FuzzReport,
  fuzzed,
  Heard,
  honest,
  idsIn,
  ownFaults,
} from './wire-fuzz.fixture.js'
import { type Message, WireValues } from './wire-values.fixture.js'

/** Pages that talk at the same time. */
const atOnce = 8
/** Milliseconds that a page waits for its answers. */
const answerMs = 5_000

/** All pages come from one address, and many more than of an office: its rates would refuse them before they say a word. */
const unlimited = 1_000_000
const limits = {
  handshakesPerSecond: unlimited,
  handshakeBurst: unlimited,
  newTabsPerSecond: unlimited,
  newTabsBurst: unlimited,
}

/** Packets of Socket.IO and of its engine that no page of ours sends. */
const strays = [
  '1',
  '2',
  '2probe',
  '3',
  '5',
  '6',
  '7',
  '9',
  '',
  '4',
  '40',
  '40/other,{}',
  '40/__proto__,{}',
  '40{}',
  '41/other,',
  '42',
  '42{}',
  '42[]',
  '42[1,2]',
  '42[{"a":1}]',
  '42["connect"]',
  '42["disconnecting"]',
  '42/other,["call",1]',
  '4212["alive"]',
  '429007199254740993["alive",1]',
  '42["alive"]',
  '430["answer to nothing"]',
  '431{}',
  '44{"message":"no"}',
  '451-["call",{"_placeholder":true,"num":0}]',
  '450-["call"]',
  '45-["call"]',
  '4599999999-["call"]',
  '461-[]',
  '47',
  '4\u001e4',
] as const

export async function fuzzSocket({
  seed,
  messages,
  say = () => {},
  begins = () => {},
}: FuzzOptions): Promise<FuzzReport> {
  const faults = new Faults()
  const builtIns = watchBuiltIns()
  const fail = (kind: string) => (reason: unknown) => faults.add(kind, String((reason as Error)?.stack ?? reason))
  const [unhandled, uncaught] = [fail('an unhandled rejection'), fail('an uncaught exception')]
  process.on('unhandledRejection', unhandled).on('uncaughtException', uncaught)
  const serving = await listening([fuzzed, honest], { limits })
  const { hub, host, url, lines } = serving
  const beside = openHonest(url)
  const ends: Record<string, number> = {}
  const tokens: string[] = []
  let pages = 0
  let sent = 0
  let clicks = 0

  const lane = async () => {
    while (sent < messages) {
      begins(seed + pages)
      const page = new SocketPage(host, seed + pages, faults)
      pages += 1
      const said = await page.talk(tokens, hub.limits) // `sent += await` would forget what the other lanes add meanwhile
      sent += said
      if (page.heard.token && tokens.push(page.heard.token) > 20) tokens.shift()
      for (const [end, count] of Object.entries(page.heard.ends)) ends[end] = (ends[end] ?? 0) + count
      const touched = builtIns.changed()
      if (touched.length > 0) faults.add('built-ins were changed', `${page.name} ${touched.join(', ')}`)
      builtIns.restore()
      if (pages % 500 === 0) say(`${sent} messages of ${pages} pages`)
    }
  }
  const clicking = async () => {
    while (sent < messages) {
      const late = setTimeout(answerMs).then(() => Promise.reject(new Error('no answer')))
      late.catch(() => {})
      await Promise.race([beside.call('honest', 'click', []), late]).then(
        () => {
          clicks += 1
        },
        (error) => faults.add('an honest click failed', String(error)),
      )
      await setTimeout(20)
    }
  }
  await Promise.all([clicking(), ...Array.from({ length: atOnce }, lane)])
  if (clicks === 0) faults.add('an honest page', 'made no click')
  for (const line of lines) if (ownFaults.test(line)) faults.add('the log says', line)
  beside.stop()
  await serving.close()
  process.off('unhandledRejection', unhandled).off('uncaughtException', uncaught)
  return { messages: sent, pages, ends, faults: faults.all }
}

function openHonest(url: string): Tab {
  const wire = socketWire(url, { forceNew: true, transports: ['websocket'] })
  const identity = { claim: async () => undefined, keep: () => {}, forget: () => {} }
  const tab = new Tab({ wire, identity, report: () => {} })
  tab.start()
  return tab
}

/** One connection of a page that keeps to no protocol. */
class SocketPage {
  readonly name: string
  readonly heard: Heard
  private readonly faults: Faults
  private readonly chance: Chance
  private readonly values: WireValues
  private readonly socket: WebSocket
  private isClosed = false
  /** It has sent nothing that is no packet, so each of its calls must be settled. */
  private plain = true

  constructor(host: string, seed: number, faults: Faults) {
    this.name = `seed ${seed}`
    this.faults = faults
    this.heard = new Heard(faults)
    this.chance = new Chance(seed)
    this.values = new WireValues(this.chance)
    const headers = { cookie: cookieOf('ab'.repeat(16)) }
    this.socket = new WebSocket(`ws://${host}${socketPath}/?EIO=4&transport=websocket`, { headers })
    this.socket.on('error', () => {})
    this.socket.on('close', () => {
      this.isClosed = true
    })
    this.socket.on('message', (data) => this.take(String(data)))
  }

  /** Says some messages, and waits for what must be answered. How many it said. */
  async talk(tokens: readonly string[], limits: { readonly callsPerTab: number }): Promise<number> {
    const { chance, values, heard, faults, name } = this
    await this.until(() => this.socket.readyState === WebSocket.OPEN)
    const stray = chance.happens(0.4)
    const early = stray && chance.happens(0.1)
    if (early) this.stray()
    const hello = `40${JSON.stringify(values.hello(tokens))}`
    if (hello.length > crowdLimits.helloLength) this.plain = false
    this.socket.send(hello)
    await this.until(() => heard.token !== undefined || heard.farewells > 0, early ? 100 : answerMs) // it may have shut itself out
    const ids: number[] = []
    let said = 1
    for (let left = 1 + chance.below(40); left > 0 && !this.isClosed; left -= 1) {
      const message = JSON.parse(JSON.stringify(values.message())) as Message
      said += 1
      if (stray && chance.happens(0.2)) this.stray()
      if (stray && chance.happens(0.2)) this.send(this.broken(`42${JSON.stringify(message)}`))
      else if (isEvent(message)) {
        ids.push(...idsIn(message, limits))
        this.send(`42${JSON.stringify(message)}`)
      }
    }
    const settled = () => ids.length <= sum(heard.settled.values()) + heard.failures
    if (this.plain && heard.farewells === 0) {
      await this.until(() => settled() || this.isClosed)
      if (!this.isClosed) checkSettled(ids, heard, faults, name)
      else if (heard.farewells + heard.failures === 0) faults.add('a connection was closed without a word', name)
    }
    this.socket.terminate()
    return said
  }

  private take(text: string): void {
    if (text === '2') return this.send('3')
    if (!text.startsWith('42[')) return
    const [name, ...args] = JSON.parse(text.slice(2)) as [string, ...unknown[]]
    this.heard.hear(name, args, this.name)
  }

  private send(text: string | Buffer): void {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(text)
  }

  private stray(): void {
    this.plain = false
    const { chance } = this
    this.send(chance.happens(0.15) ? Buffer.alloc(chance.below(100)) : chance.pick(strays))
  }

  /** A packet that was cut, or in which a character is another. */
  private broken(packet: string): string {
    this.plain = false
    const { chance } = this
    const at = chance.below(packet.length)
    if (chance.happens(0.5)) return packet.slice(0, at)
    return `${packet.slice(0, at)}${String.fromCharCode(chance.below(128))}${packet.slice(at + 1)}`
  }

  private async until(fine: () => boolean, withinMs = answerMs): Promise<void> {
    const end = performance.now() + withinMs
    while (!fine() && !this.isClosed && performance.now() < end) await setTimeout(1)
  }
}

/** Socket.IO takes an event whose name is a text or a number, and not one of its own. */
const reserved = ['connect', 'connect_error', 'disconnect', 'disconnecting', 'newListener', 'removeListener']
const isEvent = ([name]: Message) => typeof name === 'number' || (typeof name === 'string' && !reserved.includes(name))

const sum = (numbers: Iterable<number>) => [...numbers].reduce((all, number) => all + number, 0)
