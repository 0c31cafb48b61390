/** Real servers of this machine, and nobody who connects to them. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { createServer as createSecure } from 'node:https'
import { connect } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { systemClock } from '../../base/clock.js'
import { portOf } from './address.js'
import { hostIn, onServer } from './found-server.js'

async function listening(server: Server, port = 0, host = '127.0.0.1'): Promise<number> {
  server.listen(port, host)
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return portOf(server)
}

const at = (port: number, host = '127.0.0.1') => ({ port, host, clock: systemClock })

test.each([
  ['of http', () => createServer()],
  ['of https', () => createSecure() as unknown as Server],
])('a server %s that listens already is found although nobody comes, once, and gets no request', async (_, make) => {
  const [server, requests, found] = [make(), vi.fn(), vi.fn()]
  server.on('request', requests)
  onServer(at(await listening(server)), found)
  await vi.waitFor(() => expect(found).toHaveBeenCalledWith(server))
  const another = connect(portOf(server), '127.0.0.1')
  await once(server, 'connection')
  another.destroy()
  expect(found).toHaveBeenCalledTimes(1)
  expect(requests).not.toHaveBeenCalled()
  await vi.waitFor(async () => {
    const connections = await new Promise((resolve) => server.getConnections((_, count) => resolve(count)))
    expect(connections).toBe(0) // ours has gone
  })
})

test('one that listens later is found as well, and a server on another port is not', async () => {
  const port = await listening(createServer())
  const [later, found] = [createServer(), vi.fn()]
  const free = createServer()
  const chosen = await listening(free)
  free.close()
  onServer(at(chosen), found)
  await fetch(`http://127.0.0.1:${port}`, { signal: AbortSignal.timeout(100) }).catch(() => {})
  expect(found).not.toHaveBeenCalled()
  await listening(later, chosen)
  await vi.waitFor(() => expect(found).toHaveBeenCalledWith(later), { timeout: 3_000 })
})

test('the host is that of the address that Next has written down', () => {
  expect(hostIn('http://localhost:3000')).toBe('localhost')
  expect(hostIn('https://[::1]:3000')).toBe('::1')
  expect(hostIn('http://192.168.1.7:80')).toBe('192.168.1.7')
  expect([hostIn(''), hostIn('nothing')]).toEqual(['127.0.0.1', '127.0.0.1'])
})
