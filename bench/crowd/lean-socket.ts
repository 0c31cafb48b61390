/**
 * A connection to Socket.IO without a library: the clients of a crowd share the machine with its server, and are to leave it the processor. What
 * comes over it is text that a server writes, and no message is as long as two reads.
 */
import { connect, type Socket } from 'node:net'

const endOfHeaders = '\r\n\r\n'
const finalText = 0x81
const masked = 0x80

export interface Heard {
  /** Sends what a page says first. */
  opened(): void
  event(name: string, args: readonly unknown[]): void
  closed(): void
}

export class LeanSocket {
  private readonly socket: Socket
  private readonly heard: Heard
  private rest: Buffer = Buffer.alloc(0)
  private upgraded = false

  constructor(port: number, path: string, cookie: string, heard: Heard) {
    this.heard = heard
    this.socket = connect({ host: '127.0.0.1', port, noDelay: true })
    this.socket.write(
      `GET ${path}/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}\r\nSec-WebSocket-Version: 13\r\nCookie: ${cookie}${endOfHeaders}`,
    )
    this.socket.on('data', (chunk) => this.read(chunk))
    this.socket.on('error', () => {}) // `close` follows
    this.socket.on('close', () => heard.closed())
  }

  private read(chunk: Buffer): void {
    this.rest = this.rest.length > 0 ? Buffer.concat([this.rest, chunk]) : chunk
    if (!this.upgraded) {
      const end = this.rest.indexOf(endOfHeaders)
      if (end < 0) return
      this.upgraded = true
      this.rest = this.rest.subarray(end + endOfHeaders.length)
    }
    for (let text = this.frame(); text !== undefined; text = this.frame()) this.take(text)
  }

  /** The text of the next frame, if it is here. */
  private frame(): string | undefined {
    const { rest } = this
    if (rest.length < 2) return undefined
    const short = rest[1] as number
    const start = short < 126 ? 2 : short === 126 ? 4 : 10
    if (rest.length < start) return undefined
    const length = short < 126 ? short : short === 126 ? rest.readUInt16BE(2) : Number(rest.readBigUInt64BE(2))
    if (rest.length < start + length) return undefined
    this.rest = rest.subarray(start + length)
    return rest[0] === finalText ? rest.toString('utf8', start, start + length) : ''
  }

  /** A packet of Engine.IO: its handshake, a ping, or one of Socket.IO, of which events count. */
  private take(text: string): void {
    if (text.startsWith('42')) {
      const [name, ...args] = JSON.parse(text.slice(2))
      this.heard.event(name, args)
    } else if (text.startsWith('0')) this.heard.opened()
    else if (text === '2') this.send('3')
  }

  send(text: string): void {
    const payload = Buffer.from(text)
    const isShort = payload.length < 126
    const header = Buffer.alloc(isShort ? 6 : 8) // with a mask of zeros, which changes nothing
    header[0] = finalText
    header[1] = masked | (isShort ? payload.length : 126)
    if (!isShort) header.writeUInt16BE(payload.length, 2)
    this.socket.write(Buffer.concat([header, payload]))
  }

  /** What is under way in both directions is lost. */
  cut(): void {
    if (this.socket.connecting) this.socket.destroy()
    else this.socket.resetAndDestroy()
  }
}
