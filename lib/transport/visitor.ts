/** Whose request a handshake was, as headers: an event that asks for a request finds them there, and not those of this server. */
import type { IncomingMessage } from 'node:http'

const passed = [
  'user-agent',
  'accept-language',
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
] as const

export function visitorOf({ headers, socket }: IncomingMessage): Readonly<Record<string, string>> {
  const visitor: Record<string, string> = {}
  for (const name of passed) {
    const value = headers[name]
    if (value !== undefined) visitor[name] = String(value)
  }
  // as Next fills them in for a request that comes without
  visitor['x-forwarded-for'] ??= socket.remoteAddress ?? ''
  visitor['x-forwarded-host'] ??= headers.host ?? ''
  visitor['x-forwarded-proto'] ??= 'encrypted' in socket ? 'https' : 'http'
  return visitor
}
