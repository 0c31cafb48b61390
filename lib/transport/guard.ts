/**
 * Holds a connection to its rules below the hub: a hello in time, and one; a body in its time and of so many packets; no socket
 * that outlives its connection. Socket.IO has no word for most of this: it waits 45 s for a hello, and takes any number of them.
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Clock } from '../base/clock.js'
import { crowdLimits } from '../base/crowd-limits.js'
import type { Limits } from '../base/limits.js'
import { edgeLimits } from '../base/server-limits.js'
import { CallRate } from '../session/call-rate.js'
import type { Arrival } from './arrival.js'

interface EngineTransport {
  readonly name: string
  /** The websocket. */
  readonly socket?: { on(event: 'ping' | 'pong', listener: () => void): unknown }
}

/** A connection of the engine, below Socket.IO's. */
export interface EngineConnection {
  readonly id: string
  readonly readyState: string
  /** That opened it. */
  request: IncomingMessage | null
  readonly transport: EngineTransport
  /** Before its data is handed on. */
  on(event: 'packet', listener: (packet: { readonly type: string; readonly data?: unknown }) => void): unknown
  on(event: 'upgrade', listener: (transport: EngineTransport) => void): unknown
  on(event: 'close', listener: () => void): unknown
  /** At once, if `discard`: what was not sent is lost. */
  close(discard?: boolean): void
}

/** The owner of the guards. */
export interface Gate {
  readonly clock: Clock
  readonly limits: Limits
  /** Nothing of the connection is left. */
  left(guard: Guard): void
  /** A rule was broken, and the connection is closed. */
  broke(guard: Guard, rule: string): void
}

export class Guard {
  readonly connection: EngineConnection
  readonly arrival: Arrival
  private readonly gate: Gate
  /** That of a websocket. A connection that polls has one for each request, which close by themselves. */
  private socket: Duplex | undefined
  /** Until it has said hello. */
  private stopWaiting: (() => void) | undefined
  private isClosed = false
  private readonly signs = new CallRate(crowdLimits.signsPerSecond, crowdLimits.signsBurst)

  constructor(connection: EngineConnection, socket: Duplex | undefined, arrival: Arrival, gate: Gate) {
    this.connection = connection
    this.arrival = arrival
    this.gate = gate
    if (socket) this.hold(socket)
    this.stopWaiting = gate.clock.after(gate.limits.helloMs, () => this.broken('sent no hello in time'))
    connection.on('packet', ({ type, data }) => (type === 'message' ? this.onMessage(data) : this.onSign()))
    if (connection.transport.name === 'polling') connection.on('upgrade', (transport) => this.watch(transport))
    this.watch(connection.transport)
    connection.on('close', () => this.onClose())
  }

  /**
   * Whether a request for a websocket may take over from polling. One at a time, until its socket has closed: the engine closes what
   * it does not want in an orderly way, which takes as long as the peer likes.
   */
  mayMove(): boolean {
    return this.connection.transport.name === 'polling' && !this.socket && !this.isClosed
  }

  /** A socket that asks to take over from polling. */
  move(socket: Duplex): void {
    this.hold(socket)
    const stop = this.gate.clock.after(edgeLimits.upgradeMs, () => {
      if (this.connection.transport.name === 'polling') socket.destroy()
    })
    socket.once('close', stop)
  }

  /** Bounds the body of a request. Its packets are counted before the engine makes an object of each. */
  body(request: IncomingMessage): void {
    const { packetsPerPost } = this.gate.limits
    let packets = 1
    request.on('data', (chunk: Buffer | string) => {
      for (let at = chunk.indexOf(separator); at >= 0; at = chunk.indexOf(separator, at + 1)) packets += 1
      if (packets > packetsPerPost && !request.destroyed) {
        request.destroy()
        this.broken('sent more packets in one request than the limit "packetsPerPost" allows')
      }
    })
  }

  /** The body of a request has not arrived in its time. */
  late(): void {
    this.broken('took longer for a request than the limit "bodyMs" allows')
  }

  /** Each message of the engine comes by, so this looks at two characters: "0" is Socket.IO's CONNECT, "2" an event, "/" begins a namespace. */
  private onMessage(data: unknown): void {
    if (typeof data === 'string' && data[0] === '2') return
    this.onSign()
    if (typeof data !== 'string' || data[0] !== '0') return
    if (data.length > crowdLimits.helloLength) return this.broken('sent an oversized hello')
    if (!this.stopWaiting) return this.broken('sent a second hello')
    if (data[1] === '/' && data[2] !== ',') return this.broken('requested a namespace')
    this.stopWaiting()
    this.stopWaiting = undefined
  }

  private watch({ socket }: EngineTransport): void {
    socket?.on('ping', this.onSign)
    socket?.on('pong', this.onSign)
  }

  /** Something has come that no session hears of, and that takes its time all the same. */
  private readonly onSign = (): void => {
    if (!this.isClosed && this.signs.count(1, this.gate.clock.now()))
      this.broken('sent too many pings, pongs and acknowledgements')
  }

  /** What its sockets have sent already and still send is not read: a flood would go on until they are closed in an orderly way. */
  private broken(rule: string): void {
    if (this.isClosed) return
    this.isClosed = true
    this.gate.broke(this, rule)
    this.connection.close(true)
    this.socket?.destroy()
  }

  private hold(socket: Duplex): void {
    if (socket.closed) return
    this.socket = socket
    socket.on('close', () => {
      this.socket = undefined
      this.leave()
    })
  }

  private onClose(): void {
    this.isClosed = true
    this.stopWaiting?.()
    const { socket } = this
    if (socket)
      socket.on(
        'close',
        this.gate.clock.after(edgeLimits.socketCloseMs, () => socket.destroy()),
      )
    this.leave()
  }

  private leave(): void {
    if (this.connection.readyState === 'closed' && !this.socket) this.gate.left(this)
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
