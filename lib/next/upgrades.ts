/**
 * Sends each request for a websocket where it belongs: ours to Socket.IO, all others to Next. Next's listener hangs on a
 * server of its own that never listens, because it ends sockets whose path it takes for a page or a redirect, and would
 * see ours on the same server.
 */
import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Clock } from '../base/clock.js'
import { fixedLimits } from '../base/limits.js'
import { isBelow } from './gate.js'

export function forwardUpgrades(server: Server, nextServer: Server, ours: string, clock: Clock): void {
  server.on('upgrade', (request: IncomingMessage, duplex: Duplex, head: Buffer) => {
    if (isBelow(ours, request.url ?? '')) return
    const socket = duplex as Socket
    endIfUnanswered(socket, clock)
    if (!nextServer.emit('upgrade', request, socket, head)) socket.destroy()
  })
}

function endIfUnanswered(socket: Socket, clock: Clock): void {
  const before = socket.bytesWritten
  const cancel = clock.after(fixedLimits.upgradeAnswerMs, () => {
    if (socket.bytesWritten === before) socket.destroy()
  })
  socket.once('close', cancel)
}
