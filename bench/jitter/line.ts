/** The TCP connections of one client: it can cut the present one, and counts what all of them carried. */
import { Agent } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

export class Line extends Agent {
  private now: Socket | undefined
  private read = 0
  private written = 0

  override createConnection(...given: Parameters<Agent['createConnection']>): Duplex | null | undefined {
    const socket = super.createConnection(...given) as Socket
    this.now = socket
    socket.once('close', () => {
      this.read += socket.bytesRead
      this.written += socket.bytesWritten
      if (this.now === socket) this.now = undefined
    })
    return socket
  }

  /** `reset` throws away what is under way in both directions; else the server still reads what was sent to it. */
  cut(reset: boolean): void {
    if (reset && !this.now?.connecting) this.now?.resetAndDestroy()
    else this.now?.destroy()
  }

  get bytes(): { readonly down: number; readonly up: number } {
    const { bytesRead = 0, bytesWritten = 0 } = this.now ?? {}
    return { down: this.read + bytesRead, up: this.written + bytesWritten }
  }
}
