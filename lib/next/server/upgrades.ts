/**
 * Sends each request for a websocket where it belongs: ours to Socket.IO, all others to Next. Next's listener hangs on a
 * server of its own that never listens, because it closes sockets whose path it takes for a page or a redirect, and would
 * see ours on the same server. Next leaves open what it does not know, so that is closed here.
 */
import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Clock } from '../../base/clock.js'
import { edgeLimits, processLimits } from '../../base/server-limits.js'
import { notFound, refuseUpgrade } from '../../transport/answers.js'
import { isOurPath, type OwnPath } from '../../transport/own-path.js'

export function forwardUpgrades(server: Server, nextServer: Server, ours: OwnPath, clock: Clock): void {
  const unanswered = new UnansweredUpgrades(clock)
  server.on('upgrade', (request: IncomingMessage, duplex: Duplex, head: Buffer) => {
    if (isOurPath(ours, request.url)) return
    const socket = duplex as Socket
    unanswered.watch(socket)
    if (!nextServer.emit('upgrade', request, socket, head)) refuseUpgrade(socket, notFound)
  })
}

/** Closes upgrades that got no byte of an answer in their time, and the oldest ones where too many wait. */
export class UnansweredUpgrades {
  private readonly clock: Clock
  private readonly waiting = new Map<Socket, number>()

  constructor(clock: Clock) {
    this.clock = clock
  }

  watch(socket: Socket): void {
    this.waiting.set(socket, socket.bytesWritten)
    const cancel = this.clock.after(processLimits.upgradeAnswerMs, () => this.expire(socket))
    socket.on('error', ignore) // Node has taken its own listener off, and a reset would throw
    socket.once('close', () => {
      cancel()
      this.waiting.delete(socket)
    })
    if (this.waiting.size > edgeLimits.unansweredUpgrades) this.dropOldest()
  }

  /** Those that were answered wait for nothing. */
  private dropOldest(): void {
    for (const [socket, before] of this.waiting) {
      if (this.waiting.size <= edgeLimits.unansweredUpgrades) return
      if (socket.bytesWritten === before) refuseUpgrade(socket, notFound)
      this.waiting.delete(socket)
    }
  }

  private expire(socket: Socket): void {
    if (this.waiting.get(socket) === socket.bytesWritten) refuseUpgrade(socket, notFound)
    this.waiting.delete(socket)
  }
}

const ignore = () => {}
