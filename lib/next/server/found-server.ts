/**
 * The server that Next has made. Next hands it to nobody, so it is taken from the first connection to it, of which Node tells on a diagnostics
 * channel. That connection is our own: Next listens before it registers us, so one that is made then is the first.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { Server } from 'node:http'
import { Server as HttpsServer } from 'node:https'
import { connect, type Socket } from 'node:net'
import type { Clock } from '../../base/clock.js'
import { processLimits } from '../../base/server-limits.js'
import { portOf } from './address.js'

export interface Listening {
  /** As Next has written it into the environment; 0 if it has not: then any server is taken, and somebody else's connection waited for. */
  readonly port: number
  readonly host: string
  readonly clock: Clock
}

const channel = 'net.server.socket'

/** Calls `found` with the server, before any request to it is answered. */
export function onServer({ port, host, clock }: Listening, found: (server: Server) => void): void {
  let isFound = false
  const look = (message: unknown) => {
    const { server } = (message as { socket: Socket & { server?: unknown } }).socket
    if (!isWebServer(server) || (port > 0 && portOf(server) !== port)) return
    isFound = true
    unsubscribe(channel, look)
    found(server)
  }
  subscribe(channel, look)
  const until = clock.now() + processLimits.knockMs
  const knock = () => {
    if (isFound) return
    const socket = connect({ port, host }, () => clock.after(processLimits.knockPauseMs, () => socket.destroy()))
    socket.unref().on('error', () => {
      if (clock.now() < until) clock.after(processLimits.knockPauseMs, knock) // a server of one's own listens later
    })
  }
  if (port > 0) knock()
}

/** A server of https has the same methods and events. */
const isWebServer = (server: unknown): server is Server => server instanceof Server || server instanceof HttpsServer

/** The host of the address that Next has written down. */
export function hostIn(origin = process.env.__NEXT_PRIVATE_ORIGIN): string {
  try {
    return new URL(origin ?? '').hostname.replace(/^\[|\]$/g, '')
  } catch {
    return '127.0.0.1'
  }
}
