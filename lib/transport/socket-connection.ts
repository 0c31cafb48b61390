/**
 * A connection over one Socket.IO socket. It hands the network no more than one part at a time, and the next one when the network has
 * taken it: so a page that does not read costs one message of memory, and a slow page still gets its pings.
 */
import type { Socket as NetSocket } from 'node:net'
import type { Clock } from '../base/clock.js'
import { crowdLimits } from '../base/crowd-limits.js'
import type { Json } from '../base/encode.js'
import { processLimits } from '../base/server-limits.js'
import { partName } from '../protocol/parts.js'
import type { Connection } from '../session/connection.js'
import type { Arrival } from './arrival.js'

/** What is used of a socket of Socket.IO. */
export interface Peer {
  readonly connected: boolean
  readonly handshake: { readonly auth: { readonly [key: string]: unknown } }
  readonly conn: unknown
  disconnect(close: true): unknown
}

/** What Engine.IO has and does not declare: whether the network has taken all that it was given. */
interface Engine {
  readonly writeBuffer: readonly unknown[]
  readonly pingTimeoutTimer: { refresh(): void } | null
  readonly transport: {
    readonly name: string
    readonly writable: boolean
    /** The websocket. */
    readonly socket?: {
      pause(): void
      resume(): void
      terminate(): void
      /** Whether it hands on all messages that have arrived together in one go. */
      readonly _receiver?: { _allowSynchronousEvents: boolean }
    }
    on(event: 'headers', listener: (headers: unknown, request: { method?: string; socket: NetSocket }) => void): void
  }
  on(event: 'data', listener: (data: unknown) => void): void
  write(packet: string, options?: object, taken?: () => void): void
  close(discard?: boolean): void
}

/** Before the text of an event, in the encoding of Socket.IO. */
const eventType = '2'

export class SocketConnection implements Connection {
  readonly cookies: string | undefined
  readonly address: string | undefined
  readonly visitor: Readonly<Record<string, string>> | undefined
  onTaken: { taken(): void } | undefined
  written = 0
  private readonly socket: Peer
  private readonly engine: Engine
  private readonly clock: Clock
  /** An older page knows no parts. */
  private readonly takesParts: boolean
  /** Bytes that Engine.IO was given since it had none. */
  private handed = 0
  /** It says when the network has taken that. */
  private awaited = false
  private waiting: Waiting[] | undefined
  private waitingBytes = 0
  /** Over which the answer to the last poll goes out. */
  private poll: NetSocket | undefined
  private cancelRefresh: (() => void) | undefined
  /** Bytes of the events that have arrived and were not handed on, and of what is none: parts of an event with bytes in it, for one. */
  private sizes: number[] | undefined
  private arrivedBytes = 0
  private isOneByOne = false

  constructor(
    socket: Peer,
    clock: Clock,
    { cookies, address, visitor }: Pick<Arrival, 'cookies' | 'address'> & Partial<Pick<Arrival, 'visitor'>>,
  ) {
    this.socket = socket
    this.clock = clock
    this.engine = socket.conn as Engine
    this.cookies = cookies
    this.address = address
    this.visitor = visitor
    this.takesParts = socket.handshake.auth.parts === 1
    const { transport } = this.engine
    this.engine.on('data', (data) => this.arrived(data))
    if (transport.name === 'polling')
      transport.on('headers', (_, { method, socket }) => {
        if (method === 'GET') this.poll = socket
      })
  }

  /** Notes the size of an event, which Socket.IO hands on without. An empty message has no data. */
  private arrived(data: unknown): void {
    if (typeof data === 'string' && data[0] === eventType) {
      this.sizes ??= []
      this.sizes.push(data.length)
      if (this.sizes.length === crowdLimits.messagesAtOnce) this.takeOneByOne(true)
    } else if (typeof data === 'string' || data instanceof Uint8Array) this.arrivedBytes += data.length
  }

  /** The bytes of the event that Socket.IO hands on now. */
  takeSize(): number {
    const bytes = (this.sizes?.shift() ?? 0) + this.arrivedBytes
    if (this.sizes?.length === 0) {
      this.sizes = undefined
      if (this.isOneByOne && !this.cancelRefresh) this.takeOneByOne(false)
    }
    this.arrivedBytes = 0
    return bytes
  }

  get unread(): number {
    if (this.handed > 0 && !this.awaited && this.isTaken()) this.handed = 0
    return this.handed + this.waitingBytes
  }

  send(name: string, ...args: Json[]): void {
    if (this.socket.connected) this.sendText(JSON.stringify([name, ...args]))
  }

  sendText(text: string): void {
    if (!this.socket.connected) return
    this.written += text.length
    const isLong = text.length > processLimits.partLength && this.takesParts
    if (!isLong && !this.awaited && this.unread < processLimits.unreadCounted) return this.write(`${eventType}${text}`)
    this.waiting ??= []
    this.waiting.push(new Waiting(text, isLong))
    this.waitingBytes += Buffer.byteLength(text)
    if (!this.awaited) this.writeNext()
  }

  private write(packet: string): void {
    this.handed += Buffer.byteLength(packet)
    this.awaited = this.waiting !== undefined || this.handed >= processLimits.unreadCounted
    if (this.awaited) this.engine.write(packet, undefined, () => this.taken())
    else this.engine.write(packet)
  }

  private writeNext(): void {
    const { waiting } = this
    const [first] = waiting ?? []
    if (!waiting || !first) return
    const packet = first.next()
    this.waitingBytes = Math.max(0, this.waitingBytes - Buffer.byteLength(packet))
    this.write(packet)
    if (!first.isDone) return
    waiting.shift()
    if (waiting.length > 0) return
    this.waiting = undefined
    this.waitingBytes = 0 // a part is a little longer than its piece of the text
  }

  /** The network has taken what Engine.IO was given; an answer to a poll may still wait in its socket. */
  private taken(): void {
    const { poll } = this
    if (!this.socket.connected) return
    if (poll && !poll.destroyed && poll.writableNeedDrain) return onceFree(poll, () => this.taken())
    this.awaited = false
    this.handed = 0
    this.writeNext()
    this.onTaken?.taken()
  }

  private isTaken(): boolean {
    const { writeBuffer, transport } = this.engine
    if (writeBuffer.length > 0) return false
    return transport.name === 'polling' || transport.writable
  }

  /** A page that polls cannot be kept from it. */
  pause(): void {
    if (this.cancelRefresh || !this.engine.transport.socket) return
    this.engine.transport.socket.pause()
    this.takeOneByOne(true)
    this.refreshLater()
  }

  resume(): void {
    this.cancelRefresh?.()
    this.cancelRefresh = undefined
    this.takeOneByOne(false)
    this.engine.transport.socket?.resume()
  }

  /**
   * A read can bring thousands of small messages, and a pause does not hold back what was read. From now on the next one comes with the
   * next turn of the event loop, so that others are served in between.
   */
  private takeOneByOne(oneByOne: boolean): void {
    this.isOneByOne = oneByOne
    const receiver = this.engine.transport.socket?._receiver
    if (receiver) receiver._allowSynchronousEvents = !oneByOne
  }

  /** While nothing is read, no pong arrives either. */
  private refreshLater(): void {
    this.cancelRefresh = this.clock.after(processLimits.pausedRefreshMs, () => {
      if (!this.socket.connected) return
      this.engine.pingTimeoutTimer?.refresh()
      this.refreshLater()
    })
  }

  close(): void {
    this.waiting = undefined
    this.cancelRefresh?.()
    this.socket.disconnect(true)
  }

  abort(): void {
    const { transport } = this.engine
    this.close()
    transport.socket?.terminate()
    this.engine.close(true)
    this.poll?.destroy()
  }
}

/** Runs `then` once the socket has nothing left to write, or is closed. */
function onceFree(socket: NetSocket, then: () => void): void {
  const free = () => {
    socket.off('drain', free)
    socket.off('close', free)
    then()
  }
  socket.on('drain', free)
  socket.on('close', free)
}

/** A message that waits for the network. */
class Waiting {
  private readonly text: string
  private readonly inParts: boolean
  private at = 0

  constructor(text: string, inParts: boolean) {
    this.text = text
    this.inParts = inParts
  }

  /** The next packet of it. */
  next(): string {
    const { text, at, inParts } = this
    if (!inParts) {
      this.at = text.length
      return `${eventType}${text}`
    }
    this.at = Math.min(text.length, at + processLimits.partLength)
    const part = [partName, text.slice(at, this.at), ...(this.isDone ? [1] : [])]
    return `${eventType}${JSON.stringify(part)}`
  }

  get isDone(): boolean {
    return this.at === this.text.length
  }
}
