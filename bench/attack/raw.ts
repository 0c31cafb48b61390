/**
 * Clients that no library would be: a websocket whose every byte is ours, over a socket that can stop reading, and plain
 * requests. They come from an address that no honest page has.
 */
import { randomBytes } from 'node:crypto'
import { type ClientRequest, type IncomingMessage, type RequestOptions, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { protocolVersion, socketPath } from './library.js'

/** Bytes of a message that are looked at; the rest of it is only counted. */
const lookedAt = 200_000
/** Milliseconds without a byte after which a request is given up. */
const answerMs = 10_000
/** Messages that are remembered; older ones are forgotten. */
const remembered = 200

export interface Came {
  /** Its first characters. */
  readonly text: string
  readonly bytes: number
}

export interface Greeting {
  readonly version?: unknown
  readonly page?: unknown
  readonly watch?: unknown
  readonly token?: unknown
  readonly copyOf?: unknown
  readonly lastSeq?: unknown
}

export const hex32 = () => randomBytes(16).toString('hex')

/** A hello that the hub takes. */
export const hello = ({ watch = [], ...more }: Greeting = {}) => ({
  version: protocolVersion,
  page: hex32(),
  subscriptions: [[0, 'tab', watch]],
  ...more,
})

/** Where sockets come from. */
export interface Origin {
  readonly port: number
  /** Of this machine, and the attacker's own. */
  readonly address: string
  /** Called with what closes a socket, so that all of them can be closed. */
  add(close: () => void): void
}

export interface RequestMade {
  readonly method?: string
  readonly path: string
  readonly headers?: Record<string, string>
  readonly body?: string
}

/** The address of Socket.IO's engine, with a transport. */
export const enginePath = (transport: string, more = '') =>
  `${socketPath}/?EIO=4&transport=${transport}${more ? `&${more}` : ''}`

export function tcp({ port, address, add }: Origin): Socket {
  const socket = connect({ host: '127.0.0.1', port, localAddress: address })
  socket.on('error', () => {})
  add(() => socket.destroy())
  return socket
}

export interface Answer {
  /** 0 if the connection ended without one. */
  readonly status: number
  readonly body: string
  readonly cookie: string | undefined
}

/** One request over a connection of its own. Never rejects; `begun` is called with it before it is sent. */
export function ask({ port, address, add }: Origin, made: RequestMade, begun?: (request: ClientRequest) => void) {
  const { method = 'GET', path, headers = {}, body } = made
  const options: RequestOptions = {
    host: '127.0.0.1',
    port,
    localAddress: address,
    method,
    path,
    headers,
    agent: false,
  }
  return new Promise<Answer>((resolve) => {
    const nothing = { status: 0, body: '', cookie: undefined }
    const sent = request(options, (response: IncomingMessage) => {
      let text = ''
      response.on('data', (chunk: Buffer) => {
        if (text.length < lookedAt) text += chunk
      })
      const cookie = response.headers['set-cookie']?.[0]?.split(';')[0]
      response.on('close', () => resolve({ status: response.statusCode ?? 0, body: text, cookie }))
    })
    sent.on('error', () => resolve(nothing))
    sent.on('close', () => resolve(nothing))
    sent.setTimeout(answerMs, () => sent.destroy())
    add(() => sent.destroy())
    begun?.(sent)
    if (body !== undefined) sent.write(body)
    if (!begun) sent.end()
  })
}

/** A websocket to the engine of Socket.IO, which says what it is told to. */
export class RawPage {
  readonly socket: Socket
  /** Newest last. */
  came: Came[] = []
  /** Bytes that have come. */
  bytes = 0
  isClosed = false
  cookie: string | undefined
  /** Answers the pings of the engine. */
  answersPings = true
  private readonly opened: Promise<boolean>
  private parts: Buffer[] = []
  private buffered = 0
  /** Of the message that is coming: bytes that are missing of it, and its beginning. */
  private missing = 0
  private whole = 0
  private beginning: Buffer[] = []
  private upgraded = false
  private readonly waiting = new Set<() => void>()
  private ids = 0

  constructor(origin: Origin, cookie?: string, path = enginePath('websocket')) {
    this.socket = tcp(origin)
    this.cookie = cookie
    const key = randomBytes(16).toString('base64')
    const headers = [
      `GET ${path} HTTP/1.1`,
      `Host: 127.0.0.1:${origin.port}`,
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Key: ${key}`,
      'Sec-WebSocket-Version: 13',
      ...(cookie ? [`Cookie: ${cookie}`] : []),
    ]
    this.socket.write(`${headers.join('\r\n')}\r\n\r\n`)
    this.socket.on('data', (chunk) => this.take(chunk))
    this.socket.on('close', () => {
      this.isClosed = true
      this.wake()
    })
    this.opened = this.until(() => this.came.some(({ text }) => text.startsWith('0{')))
  }

  /** Whether the engine has opened it. */
  get open(): Promise<boolean> {
    return this.opened
  }

  /** Opens the namespace of Socket.IO with a hello. */
  greet(greeting: object): void {
    this.text(`40${JSON.stringify(greeting)}`)
  }

  /** Says hello and waits for the welcome. */
  async enter(greeting: Greeting = {}): Promise<boolean> {
    if (!(await this.open)) return false
    this.greet(hello(greeting))
    return this.until(() => this.last('w') !== undefined || this.last('bye') !== undefined)
  }

  /** The signed token of the last welcome. */
  get token(): string | undefined {
    return /^42\["hi","([^"]+)"/.exec(this.last('hi')?.text ?? '')?.[1]
  }

  emit(...message: unknown[]): boolean {
    return this.text(`42${JSON.stringify(message)}`)
  }

  /** Calls an event or starts a task; the id of the call. */
  call(definition: string, member: string, ...args: unknown[]): number {
    this.ids += 1
    this.emit('call', 0, this.ids, definition, member, args)
    return this.ids
  }

  /** Calls, and waits until something has come after it. */
  async calls(definition: string, member: string, ...args: unknown[]): Promise<boolean> {
    const before = this.messages
    this.call(definition, member, ...args)
    return this.until(() => this.messages > before)
  }

  /** Messages that have come, the forgotten ones included. */
  messages = 0

  /** Whether a call has settled, as far as what came is remembered. */
  hasSettled(id: number): boolean {
    const settled = new RegExp(`\\[${id}(\\]|,"[a-z-]+",")`)
    return this.came.some(({ text }) => text.startsWith('42["d"') && settled.test(text))
  }

  /** Waits until a call has settled. */
  settled(id: number, withinMs?: number): Promise<boolean> {
    return this.until(() => this.hasSettled(id), withinMs)
  }

  last(name: string): Came | undefined {
    return this.came.findLast(({ text }) => text.startsWith(`42["${name}"`))
  }

  /** One text message. False if the socket wants no more for now. */
  text(text: string): boolean {
    return this.frame(0x81, Buffer.from(text))
  }

  /** One frame, with the first byte as given; `length` may lie. */
  frame(first: number, payload: Buffer, length = payload.length): boolean {
    if (this.isClosed || this.socket.destroyed) return false
    const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10)
    head[0] = first
    if (length < 126) head[1] = 0x80 | length
    else if (length < 65_536) {
      head[1] = 0x80 | 126
      head.writeUInt16BE(length, 2)
    } else {
      head[1] = 0x80 | 127
      head.writeBigUInt64BE(BigInt(length), 2)
    }
    return this.socket.write(Buffer.concat([head, Buffer.alloc(4), payload])) // the mask of zeros changes nothing
  }

  /** Done when what was said has left, or the socket is gone. */
  async drained(): Promise<void> {
    if (!this.isClosed && this.socket.writableNeedDrain)
      await new Promise<void>((resolve) => {
        const done = () => {
          this.socket.off('drain', done)
          this.socket.off('close', done)
          resolve()
        }
        this.socket.on('drain', done)
        this.socket.on('close', done)
      })
  }

  /** Whether it came about before the socket closed, or too long. */
  async until(fine: () => boolean, withinMs = 5_000): Promise<boolean> {
    const end = performance.now() + withinMs
    while (!fine() && !this.isClosed && performance.now() < end)
      await new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(timer)
          this.waiting.delete(done)
          resolve()
        }
        const timer = setTimeout(done, Math.max(1, Math.min(250, end - performance.now())))
        this.waiting.add(done)
      })
    return fine()
  }

  close(): void {
    this.socket.destroy()
  }

  private wake(): void {
    for (const done of this.waiting) done()
  }

  private take(chunk: Buffer): void {
    this.bytes += chunk.length
    this.parts.push(chunk)
    this.buffered += chunk.length
    while (this.step());
  }

  /** Takes a head, or a part of a message; whether there may be more. */
  private step(): boolean {
    if (this.missing > 0) return this.takePayload()
    const buffer = this.parts.length === 1 ? (this.parts[0] as Buffer) : Buffer.concat(this.parts)
    this.parts = [buffer]
    if (!this.upgraded) return this.takeUpgrade(buffer)
    if (buffer.length < 2) return false
    const short = (buffer[1] as number) & 0x7f
    const headed = short < 126 ? 2 : short === 126 ? 4 : 10
    if (buffer.length < headed) return false
    this.whole = short < 126 ? short : short === 126 ? buffer.readUInt16BE(2) : Number(buffer.readBigUInt64BE(2))
    this.missing = this.whole
    this.keep(buffer.subarray(headed))
    if (this.missing === 0) this.arrived()
    return this.buffered > 0
  }

  private takeUpgrade(buffer: Buffer): boolean {
    const end = buffer.indexOf('\r\n\r\n')
    if (end < 0) return false
    const head = buffer.subarray(0, end).toString()
    this.cookie ??= /set-cookie: ([^;\r]+)/i.exec(head)?.[1]
    this.upgraded = head.startsWith('HTTP/1.1 101')
    if (!this.upgraded) this.socket.destroy()
    this.keep(buffer.subarray(end + 4))
    return this.upgraded
  }

  private takePayload(): boolean {
    const [first] = this.parts
    if (!first || first.length === 0) return false
    const taken = first.subarray(0, this.missing)
    if (this.whole - this.missing < lookedAt) this.beginning.push(Buffer.from(taken.subarray(0, lookedAt)))
    this.missing -= taken.length
    const rest = first.subarray(taken.length)
    this.buffered -= taken.length
    if (rest.length > 0) this.parts[0] = rest
    else this.parts.shift()
    if (this.missing === 0) this.arrived()
    return this.buffered > 0
  }

  private keep(rest: Buffer): void {
    this.parts = rest.length > 0 ? [rest] : []
    this.buffered = rest.length
  }

  private arrived(): void {
    const text = Buffer.concat(this.beginning).toString()
    this.beginning = []
    if (text === '2' && this.answersPings) this.text('3')
    this.came.push({ text, bytes: this.whole })
    if (this.came.length > remembered) this.came.splice(0, remembered / 2)
    this.messages += 1
    this.wake()
  }
}
