/** Requests as no browser makes them, byte by byte, from any address of this machine. */
import { connect, type Socket } from 'node:net'

export interface Raw {
  readonly socket: Socket
  /** What has come back. */
  text(): string
  /** Whether the server has closed. */
  over(): boolean
  /** Resolves with what came back, once the server has closed. */
  readonly closed: Promise<string>
}

export function rawRequest(port: number, lines: string, from = '127.0.0.1'): Raw {
  let text = ''
  let over = false
  const socket = connect({ port, host: '127.0.0.1', localAddress: from, allowHalfOpen: true }, () =>
    socket.write(lines),
  )
  socket.setEncoding('latin1') // frames of a websocket are no text
  socket.on('data', (data) => {
    text += data
  })
  socket.on('error', () => {})
  const ended = () => {
    over = true
    socket.end()
  }
  socket.on('end', ended)
  const closed = new Promise<string>((resolve) => {
    socket.on('close', () => {
      over = true
      resolve(text)
    })
  })
  return { socket, text: () => text, over: () => over, closed }
}

const linesOf = (headers: Readonly<Record<string, string>>) =>
  Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)

/** The text of a request without a body. */
export const get = (target: string, headers: Readonly<Record<string, string>> = {}) =>
  `GET ${target} HTTP/1.1\r\nHost: a\r\n${linesOf(headers).join('')}\r\n`

/** The text of a request for a websocket. */
export const upgrade = (target: string, headers: Readonly<Record<string, string>> = {}) =>
  get(target, {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    ...headers,
  })

/** The text of a request with a body; `length` is what it says of it. */
export const post = (target: string, body: string, length = Buffer.byteLength(body)) =>
  `POST ${target} HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: ${length}\r\n\r\n${body}`
