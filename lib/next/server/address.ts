/** Where a server listens, as addresses that can be asked. */
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export const portOf = (server: Server) => (server.address() as AddressInfo).port

export const urlOf = (server: Server, host: string) =>
  `http://${host.includes(':') ? `[${host}]` : host}:${portOf(server)}`

/** An address that this process can ask: a server that listens on all of them has no one address. */
export function reachable(hostname: string | undefined): string {
  return hostname === undefined || hostname === '0.0.0.0' || hostname === '::' ? '127.0.0.1' : hostname
}
