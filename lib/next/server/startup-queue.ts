/**
 * What arrives before the app is ready waits here. A browser that asks while a server restarts would otherwise get no
 * answer at all, since Node leaves a request open to which nobody listens.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { processLimits } from '../../base/server-limits.js'

export class EarlyRequests {
  private readonly server: Server
  private readonly waiting: (() => void)[] = []
  private readonly onRequest = (request: IncomingMessage, response: ServerResponse) => {
    if (!this.keep('request', request, response))
      response.writeHead(503, { 'Retry-After': '2', Connection: 'close' }).end()
  }
  private readonly onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (!this.keep('upgrade', request, socket, head)) socket.destroy()
  }

  constructor(server: Server) {
    this.server = server.on('request', this.onRequest).on('upgrade', this.onUpgrade)
  }

  /** Takes no more. Socket.IO wraps the listeners that it finds, so this must go before it comes. */
  stop(): void {
    this.server.off('request', this.onRequest).off('upgrade', this.onUpgrade)
  }

  /** Lets in those that wait, in their order. */
  admit(): void {
    for (const enter of this.waiting.splice(0)) enter()
  }

  /** False where as many wait as may. */
  private keep(name: 'request' | 'upgrade', ...args: unknown[]): boolean {
    if (this.waiting.length >= processLimits.earlyRequests) return false
    this.waiting.push(() => this.server.emit(name, ...args))
    return true
  }
}
