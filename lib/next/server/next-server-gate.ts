/**
 * Lets what is ours pass a server that is Next's. Requests and upgrades below our path go to a server that never listens,
 * where Socket.IO hangs; Next sees none of them, since it closes upgrades whose path it takes for a page or a redirect. Upgrades that
 * Next leaves unanswered are closed. And when Next closes its server, it waits for us too.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { type Clock, systemClock } from '../../base/clock.js'
import { isOurPath, type OwnPath } from '../../transport/own-path.js'
import { UnansweredUpgrades } from './upgrades.js'

/** The server for ours. `closing` is called when the other one begins to close, and `look` with each request that is Next's. */
export function openGate(
  server: Server,
  path: OwnPath,
  closing: () => Promise<void>,
  clock: Clock = systemClock,
  look: (request: IncomingMessage, response: ServerResponse) => void = () => {},
): Server {
  const ours = createServer()
  const unanswered = new UnansweredUpgrades(clock)
  const emit = server.emit.bind(server) as (name: string | symbol, ...args: unknown[]) => boolean
  server.emit = ((name: string | symbol, ...args: unknown[]) => {
    const arrival = name === 'request' || name === 'upgrade'
    if (!arrival) return emit(name, ...args)
    if (isOurPath(path, (args[0] as IncomingMessage).url)) return ours.emit(name, ...args)
    if (name === 'upgrade') unanswered.watch(args[1] as Socket)
    else look(args[0] as IncomingMessage, args[1] as ServerResponse)
    return emit(name, ...args)
  }) as Server['emit']
  const close = server.close.bind(server)
  server.close = (done) => {
    // Node has closed the connections that were idle; those of pages that polled are idle only now
    const closed = closing().finally(() => server.closeIdleConnections())
    return close((error) => void closed.finally(() => done?.(error)))
  }
  return ours
}
