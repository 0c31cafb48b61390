/** The open sockets of a server. Browsers keep some open, and a server that waits for them closes late or never. */
import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from '../../base/clock.js'

export class OpenSockets {
  private readonly open = new Set<Socket>()
  private readonly answering = new Set<Socket>()
  private onIdle: (() => void) | undefined

  constructor(server: Server) {
    server.on('connection', (socket: Socket) => {
      this.open.add(socket)
      socket.on('error', ignore) // a peer's reset; Node takes its own listener off an upgraded socket, and would throw
      socket.once('close', () => this.open.delete(socket))
    })
    server.on('request', ({ socket }, response: ServerResponse) => {
      this.answering.add(socket)
      response.once('close', () => this.answered(socket))
    })
  }

  /** Closes all of them: at once where no answer is under way, the others after it, or after `drainMs` milliseconds. */
  async close(drainMs: number, clock: Clock): Promise<void> {
    for (const socket of this.open) if (!this.answering.has(socket)) socket.destroy()
    if (drainMs > 0 && this.answering.size > 0) await this.idle(drainMs, clock)
    for (const socket of this.open) socket.destroy()
  }

  private idle(drainMs: number, clock: Clock): Promise<void> {
    return new Promise((resolve) => {
      const stop = clock.after(drainMs, resolve)
      this.onIdle = () => {
        stop()
        resolve()
      }
    })
  }

  private answered(socket: Socket): void {
    this.answering.delete(socket)
    if (this.answering.size === 0) this.onIdle?.()
  }
}

const ignore = () => {}
