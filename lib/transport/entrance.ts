/**
 * Where requests and upgrades below our path come in. The engine is handed what it may have; it does not listen itself, so its own
 * idea of its path plays no part.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Hub } from '../hub/hub.js'
import { Admission, type Arrival, badRequest, closing, type Query, tooLarge, unknownSession } from './admission.js'
import { isEnding, notFound, type Refusal, refuseRequest, refuseUpgrade } from './answers.js'
import { type EngineConnection, Guard, hasBody, limitBody } from './guard.js'
import { type OwnTarget, ownTarget } from './own-path.js'
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

export class Entrance {
  private readonly hub: Hub
  private readonly engine: Engine
  private readonly troubles: Troubles
  private readonly admission: Admission
  private readonly arrivals = new WeakMap<IncomingMessage, Arrival>()
  private readonly openings = new Map<IncomingMessage, Opening>()
  private readonly guards = new Map<string, Guard>()
  private closed = false

  constructor(hub: Hub, engine: Engine, troubles: Troubles) {
    this.hub = hub
    this.engine = engine
    this.troubles = troubles
    this.admission = new Admission(hub, troubles)
  }

  /** What is ours of a server goes this way from now on. What is nobody's gets 404, where nobody else listens. */
  open(server: Server, path: string): void {
    const others = server.listeners('request') as ((request: IncomingMessage, response: ServerResponse) => void)[]
    server.removeAllListeners('request')
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      if (isEnding(request)) return
      const target = ownTarget(path, request.url)
      if (target) return this.request(request, response, path, target)
      if (others.length === 0 && server.listenerCount('request') === 1) return refuseRequest(response, notFound)
      for (const listener of others) listener.call(server, request, response)
    })
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      const target = ownTarget(path, request.url)
      if (target) return this.upgrade(request, socket, head, path, target)
      if (server.listenerCount('upgrade') === 1) refuseUpgrade(socket, notFound)
    })
  }

  /** Refuses whatever comes from now on. */
  close(): void {
    this.closed = true
  }

  /** Who is at the other end of a connection, by the request that opened it. */
  arrivalOf(request: IncomingMessage): Arrival | undefined {
    return this.arrivals.get(request)
  }

  /** The engine has made a connection. */
  connected(connection: EngineConnection): void {
    const opening = this.openings.get(connection.request)
    this.openings.delete(connection.request)
    if (!opening) return connection.close(true)
    const { arrival, socket } = opening
    const guard = new Guard(connection, socket, {
      clock: this.hub.clock,
      limits: this.hub.limits,
      left: () => {
        this.guards.delete(connection.id)
        arrival.leave()
      },
      broke: (rule) => this.troubles.misused(rule, arrival.address),
    })
    this.guards.set(connection.id, guard)
  }

  private request(request: IncomingMessage, response: ServerResponse, path: string, target: OwnTarget): void {
    const query = queryOf(request, path, target)
    const refusal = this.refusal(request, query, false) ?? this.sized(request)
    if (refusal) return refuseRequest(response, refusal)
    const { sid } = query ?? {}
    response.on('error', ignore) // the engine answers requests whose socket was destroyed meanwhile
    if (hasBody(request)) this.limit(request, this.guards.get(sid ?? ''))
    this.engine.handleRequest(request, response)
  }

  private limit(request: IncomingMessage, guard: Guard | undefined): void {
    limitBody(request, this.hub.limits.bodyMs, this.hub.clock, () => guard?.late())
    if (request.method === 'POST') guard?.body(request)
    else request.resume() // nobody reads it, and it counts as arrived only if it is read
  }

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, path: string, target: OwnTarget): void {
    const query = queryOf(request, path, target)
    const refusal = this.refusal(request, query, true, socket) ?? this.moving(query, socket)
    if (refusal) return refuseUpgrade(socket, refusal)
    socket.on('error', ignore) // until the engine listens: a reset would throw
    this.engine.handleUpgrade(request, socket, head)
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
      if (this.openings.delete(request)) opening.arrival.leave()
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
    return Number(headers['content-length'] ?? 0) > this.hub.limits.messageBytes ? tooLarge : undefined
  }
}

/**
 * What the query says, which the engine is handed too: it takes it as it is, and would read the whole target with a parser that throws on
 * some. `undefined` where the target is nobody's.
 */
function queryOf(request: IncomingMessage, path: string, { engineQuery }: OwnTarget): Query | undefined {
  if (engineQuery === undefined) return undefined
  const query = Object.fromEntries(new URLSearchParams(engineQuery)) as Query
  request.url = `${path}/${engineQuery}`
  return Object.assign(request, { _query: query })._query
}

const ignore = () => {}
