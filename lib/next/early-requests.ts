/**
 * What arrives before the app is ready waits here. A browser that asks while a server restarts would otherwise get no
 * answer at all, since Node leaves a request open to which nobody listens.
 */
import type { Server } from 'node:http'

export class EarlyRequests {
  private readonly server: Server
  private readonly waiting: (() => void)[] = []
  private readonly onRequest = (...args: unknown[]) => this.keep('request', args)
  private readonly onUpgrade = (...args: unknown[]) => this.keep('upgrade', args)

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

  private keep(name: 'request' | 'upgrade', args: unknown[]): void {
    this.waiting.push(() => this.server.emit(name, ...args))
  }
}
