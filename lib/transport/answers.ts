/** Answers to requests and upgrades below our path that do not reach the engine. Each closes its socket. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ErrorCode } from '../base/errors.js'

export interface Refusal {
  readonly status: number
  readonly code?: ErrorCode
  readonly message: string
  /** When to try again, if that makes sense. */
  readonly retryAfterSeconds?: number
}

export const notFound: Refusal = { status: 404, message: 'Not found.' }

/** Sockets that close once their answer is out. */
const closing = new WeakSet<object>()

/** Requests that a peer sent behind one that was refused get no answer. */
export const isClosing = ({ socket }: IncomingMessage): boolean => closing.has(socket)

export function refuseRequest(response: ServerResponse, refusal: Refusal): void {
  response.on('error', ignore)
  const body = bodyOf(refusal)
  const { socket } = response
  response.writeHead(refusal.status, headersOf(refusal, body)).end(body)
  if (!socket) return
  closing.add(socket)
  socket.pause() // requests that it has sent behind this one are not parsed; Node closes it once the answer is out
}

/** A socket that only ends would stay half open for as long as its peer likes, so it is destroyed once the answer is out. */
export function refuseUpgrade(socket: Duplex, refusal: Refusal): void {
  const body = bodyOf(refusal)
  const lines = Object.entries(headersOf(refusal, body)).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.on('error', ignore)
  socket.end(`HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}\r\n${lines.join('')}\r\n${body}`, () =>
    socket.destroy(),
  )
}

const bodyOf = ({ code, message }: Refusal) => JSON.stringify({ code, message })

const headersOf = ({ retryAfterSeconds }: Refusal, body: string) => ({
  'content-type': 'application/json',
  'content-length': Buffer.byteLength(body),
  'cache-control': 'no-store',
  connection: 'close',
  ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
})

const ignore = () => {}
