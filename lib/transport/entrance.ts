/**
 * Where requests and upgrades below our path come in. The engine is handed what it may have; it does not listen itself, so its own
 * idea of its path plays no part.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Clock } from '../base/clock.js'
import type { Limits } from '../base/limits.js'
import type { HubRuntime } from '../hub/hub.js'
import { Admission, badRequest, closing, type Query, tooLarge, unknownSession } from './admission.js'
import { isClosing, notFound, type Refusal, refuseRequest, refuseUpgrade } from './answers.js'
import type { Arrival } from './arrival.js'
import { type EngineConnection, type Gate, Guard, hasBody, limitBody } from './guard.js'
import { type OwnPath, type OwnTarget, ownTarget } from './own-path.js'
import type { SiteOptions } from './site.js'
import type { Troubles } from './troubles.js'

export interface Engine {
  handleRequest(request: IncomingMessage, response: ServerResponse): void
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
}

/** A handshake between its admission and its connection. */
interface Opening {
  readonly arrival: Arrival
  readonly socket: Duplex | undefined
}

export class Entrance implements Gate {
  readonly clock: Clock
  readonly limits: Limits
  private readonly engine: Engine
  private readonly troubles: Troubles
  private readonly admission: Admission
  private readonly arrivals = new WeakMap<IncomingMessage, Arrival>()
  private readonly openings = new Map<IncomingMessage, Opening>()
  /** Sockets with a request that waits for its answer. */
  private readonly answering = new WeakSet<Duplex>()
  private readonly guards = new Map<string, Guard>()
  private closed = false

  constructor(hub: HubRuntime, engine: Engine, troubles: Troubles, developmentHosts: SiteOptions['developmentHosts']) {
    this.clock = hub.clock
    this.limits = hub.limits
    this.engine = engine
    this.troubles = troubles
    this.admission = new Admission(hub, troubles, developmentHosts)
  }

  /** What is ours of a server goes this way from now on. What is nobody's gets 404, where nobody else listens. */
  open(server: Server, path: OwnPath): void {
    const others = server.listeners('request') as ((request: IncomingMessage, response: ServerResponse) => void)[]
    server.removeAllListeners('request')
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      if (isClosing(request)) return
      const target = ownTarget(path, request.url)
      if (target) return this.request(request, response, target)
      if (others.length === 0 && server.listenerCount('request') === 1) return refuseRequest(response, notFound)
      for (const listener of others) listener.call(server, request, response)
    })
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      const target = ownTarget(path, request.url)
      if (target) return this.upgrade(request, socket, head, target)
      if (server.listenerCount('upgrade') === 1) refuseUpgrade(socket, notFound)
    })
  }

  /** Refuses whatever comes from now on. */
  close(): void {
    this.closed = true
  }

  /** Who is on the other side of a connection, by its id. */
  arrivalOf(id: string): Arrival | undefined {
    return this.guards.get(id)?.arrival
  }

  /** The cookie for the browser that opens a connection, if it needs one. */
  cookieFor(request: IncomingMessage): string | undefined {
    const arrival = this.arrivals.get(request)
    return arrival && this.admission.cookie(arrival, request)
  }

  /** The engine has made a connection. */
  connected(connection: EngineConnection): void {
    const { request } = connection
    const opening = request ? this.openings.get(request) : undefined
    if (!request || !opening) return connection.close(true)
    this.openings.delete(request)
    connection.request = null // as large as all the rest of it, and nobody asks for it again
    const { arrival, socket } = opening
    this.guards.set(connection.id, new Guard(connection, socket, arrival, this))
  }

  left({ connection, arrival }: Guard): void {
    this.guards.delete(connection.id)
    arrival.place.leave()
  }

  broke({ arrival }: Guard, rule: string): void {
    this.troubles.misused(rule, arrival.address)
  }

  private request(request: IncomingMessage, response: ServerResponse, target: OwnTarget): void {
    if (this.answering.has(request.socket)) return void request.socket.destroy() // no page asks before it has its answer
    const query = queryOf(request, target)
    const refusal = this.refusal(request, query, false) ?? this.sized(request)
    if (refusal) return refuseRequest(response, refusal)
    const { sid } = query ?? {}
    response.on('error', ignore) // the engine answers requests whose socket was destroyed meanwhile
    if (hasBody(request)) this.limit(request, this.guards.get(sid ?? ''))
    this.answering.add(request.socket)
    response.on('close', () => this.answering.delete(request.socket))
    this.engine.handleRequest(request, response)
  }

  private limit(request: IncomingMessage, guard: Guard | undefined): void {
    limitBody(request, this.limits.bodyMs, this.clock, () => guard?.late())
    if (request.method === 'POST') guard?.body(request)
    else request.resume() // nobody reads it, and it counts as arrived only if it is read
  }

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, target: OwnTarget): void {
    const query = queryOf(request, target)
    const refusal = this.refusal(request, query, true, socket) ?? this.moving(query, socket)
    if (refusal) return refuseUpgrade(socket, refusal)
    socket.on('error', ignore) // until the engine listens: a reset would throw
    const listeners = socket.listenerCount('close')
    this.engine.handleUpgrade(request, socket, head)
    releaseRequest(socket, listeners)
  }

  private refusal(
    request: IncomingMessage,
    query: Query | undefined,
    upgrade: boolean,
    socket?: Duplex,
  ): Refusal | undefined {
    if (!query) return notFound
    if (this.closed) return closing
    const refusal = this.admission.refusal(request, query, upgrade)
    if (refusal) return refusal
    if (query.sid) return this.guards.has(query.sid) ? undefined : unknownSession
    const admitted = this.admission.admit(request, query, upgrade)
    if ('status' in admitted) return admitted
    this.opening(request, { arrival: admitted, socket })
    return undefined
  }

  /** The engine makes a connection in this turn of the loop, or never. */
  private opening(request: IncomingMessage, opening: Opening): void {
    this.arrivals.set(request, opening.arrival)
    this.openings.set(request, opening)
    setImmediate(() => {
      if (this.openings.delete(request)) opening.arrival.place.leave()
    })
  }

  /** A connection that polls may move to a websocket. */
  private moving(query: Query | undefined, socket: Duplex): Refusal | undefined {
    if (!query?.sid) return undefined
    const guard = this.guards.get(query.sid)
    if (query.transport !== 'websocket' || !guard?.mayMove()) return badRequest
    guard.move(socket)
    return undefined
  }

  private sized({ headers }: IncomingMessage): Refusal | undefined {
    return Number(headers['content-length'] ?? 0) > this.limits.messageBytes ? tooLarge : undefined
  }
}

/**
 * What the query says, which the engine is handed with the request: otherwise it would read the target itself, with a parser that throws
 * on some. `undefined` where the target is nobody's.
 */
function queryOf(request: IncomingMessage, { engineQuery }: OwnTarget): Query | undefined {
  if (engineQuery === undefined) return undefined
  const query = Object.fromEntries(new URLSearchParams(engineQuery)) as Query
  return Object.assign(request, { _query: query })._query
}

const ignore = () => {}

/**
 * The first listener that the engine adds has the response that it made up for its middlewares, of which there are none here, and with it the request. They
 * are as large as all the rest of a connection, and would be kept for as long.
 */
function releaseRequest(socket: Duplex, known: number): void {
  const added = socket.rawListeners('close')[known] as ((() => void) & { readonly listener?: unknown }) | undefined
  if (added?.listener) socket.off('close', added) // no other one of the engine listens once
}
