/**
 * Holds a connection to its rules below the hub: a hello in time, and one; a body in its time and of so many packets; no socket
 * that outlives its connection. Socket.IO has no word for most of this: it waits 45 s for a hello, and takes any number of them.
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Clock } from '../base/clock.js'
import { guardLimits } from '../base/guard-limits.js'
import type { Limits } from '../base/limits.js'
import { edgeLimits } from '../base/server-limits.js'
import { CallRate } from '../hub/fair-share.js'

interface EngineTransport {
  readonly name: string
  /** The websocket. */
  readonly socket?: { on(event: 'ping' | 'pong', listener: () => void): unknown }
}

/** A connection of the engine, below Socket.IO's. */
export interface EngineConnection {
  readonly id: string
  readonly readyState: string
  readonly request: IncomingMessage
  readonly transport: EngineTransport
  prependListener(event: 'data', listener: (data: unknown) => void): unknown
  on(event: 'packet', listener: (packet: { readonly type: string }) => void): unknown
  on(event: 'upgrade', listener: (transport: EngineTransport) => void): unknown
  once(event: 'close', listener: () => void): unknown
  /** At once, if `discard`: what was not sent is lost. */
  close(discard?: boolean): void
}

export interface GuardOptions {
  readonly clock: Clock
  readonly limits: Limits
  /** Called once nothing of the connection is left. */
  left(): void
  /** A rule was broken, and the connection ends. */
  broke(rule: string): void
}

export class Guard {
  private readonly connection: EngineConnection
  private readonly options: GuardOptions
  private readonly sockets = new Set<Duplex>()
  private readonly stopWaiting: () => void
  private greeted = false
  private ended = false
  private readonly signs = new CallRate(guardLimits.signsPerSecond, guardLimits.signsBurst)

  constructor(connection: EngineConnection, socket: Duplex | undefined, options: GuardOptions) {
    this.connection = connection
    this.options = options
    if (socket) this.hold(socket)
    this.stopWaiting = options.clock.after(options.limits.helloMs, () => this.broken('sent no hello in time'))
    connection.prependListener('data', (data: unknown) => this.onData(data))
    connection.on('packet', ({ type }) => {
      if (type !== 'message') this.onSign()
    })
    connection.on('upgrade', (transport) => this.watch(transport))
    this.watch(connection.transport)
    connection.once('close', () => this.onClose())
  }

  /**
   * Whether a request for a websocket may take over from polling. One at a time, until its socket has closed: the engine closes what
   * it does not want in an orderly way, which takes as long as the peer likes.
   */
  mayMove(): boolean {
    return this.connection.transport.name === 'polling' && this.sockets.size === 0 && !this.ended
  }

  /** A socket that asks to take over from polling. */
  move(socket: Duplex): void {
    this.hold(socket)
    const stop = this.options.clock.after(edgeLimits.upgradeMs, () => {
      if (this.connection.transport.name === 'polling') socket.destroy()
    })
    socket.once('close', stop)
  }

  /** Bounds the body of a request. Its packets are counted before the engine makes an object of each. */
  body(request: IncomingMessage): void {
    const { packetsPerPost } = this.options.limits
    let packets = 1
    request.on('data', (chunk: Buffer | string) => {
      for (let at = chunk.indexOf(separator); at >= 0; at = chunk.indexOf(separator, at + 1)) packets += 1
      if (packets > packetsPerPost && !request.destroyed) {
        request.destroy()
        this.broken('sent more packets in one request than the bound "packetsPerPost" allows')
      }
    })
  }

  /** The body of a request has not arrived in its time. */
  late(): void {
    this.broken('took longer for a request than the bound "bodyMs" allows')
  }

  /** Each message of the engine comes by, so this looks at two characters: "0" is Socket.IO's CONNECT, "2" an event, "/" begins a namespace. */
  private onData(data: unknown): void {
    if (typeof data === 'string' && data[0] === '2') return
    this.onSign()
    if (typeof data !== 'string' || data[0] !== '0') return
    if (this.greeted) return this.broken('sent a second hello')
    if (data[1] === '/' && data[2] !== ',') return this.broken('asked for a namespace')
    this.greeted = true
    this.stopWaiting()
  }

  private watch({ socket }: EngineTransport): void {
    socket?.on('ping', this.onSign)
    socket?.on('pong', this.onSign)
  }

  /** Something has come that no session hears of, and that takes its time all the same. */
  private readonly onSign = (): void => {
    if (!this.ended && this.signs.count(1, this.options.clock.now()))
      this.broken('sent more pings, pongs and acknowledgements than a page does')
  }

  /** What its sockets have sent already and still send is not read: a flood would go on until they are closed in an orderly way. */
  private broken(rule: string): void {
    if (this.ended) return
    this.ended = true
    this.options.broke(rule)
    this.connection.close(true)
    for (const socket of this.sockets) socket.destroy()
  }

  private hold(socket: Duplex): void {
    if (socket.closed) return
    this.sockets.add(socket)
    socket.once('close', () => {
      this.sockets.delete(socket)
      this.leave()
    })
  }

  private onClose(): void {
    this.ended = true
    this.stopWaiting()
    for (const socket of this.sockets) {
      const stop = this.options.clock.after(edgeLimits.socketCloseMs, () => socket.destroy())
      socket.once('close', stop)
    }
    this.leave()
  }

  private leave(): void {
    if (this.connection.readyState === 'closed' && this.sockets.size === 0) this.options.left()
  }
}

/** Between the packets of a request. */
const separator = '\x1e'

/** What says that a request has a body is in its headers. */
export const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0

/** Destroys the socket of a request whose body has not arrived in its time, however many bytes trickle in. */
export function limitBody(request: IncomingMessage, ms: number, clock: Clock, late: () => void): void {
  const stop = clock.after(ms, () => {
    late()
    request.socket.destroy()
  })
  request.once('end', stop)
  request.once('close', stop)
}
