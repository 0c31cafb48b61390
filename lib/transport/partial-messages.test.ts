import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Server } from 'socket.io'
import { expect, it, vi } from 'vitest'
import { TestClock } from '../testing/clock.js'
import { PartialMessages, type Receiving } from './partial-messages.js'
import { rawRequest, upgrade } from './raw.fixture.js'

/** The start of a frame of so many bytes: a text, masked with zeros, whole or the first part of a message. */
const head = (bytes: number, isWhole: boolean) => {
  const start = Buffer.alloc(14)
  start.writeUInt8(isWhole ? 0x81 : 0x01, 0)
  start.writeUInt8(0xff, 1)
  start.writeBigUInt64BE(BigInt(bytes), 2)
  return start
}

it('cuts off the address that holds most, once unfinished messages take more than they may together', async () => {
  const server = createServer()
  const io = new Server(server, { maxHttpBufferSize: 1_000_000, transports: ['websocket'] })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const clock = new TestClock()
  const addresses = new Map<string, string>()
  const cut: [string, number][] = []
  const engine = io.engine as unknown as { clients: Record<string, Receiving> }
  io.engine.on('connection', (connection: { id: string; request: { socket: { remoteAddress?: string } } }) =>
    addresses.set(connection.id, connection.request.socket.remoteAddress ?? ''),
  )
  const unfinished = new PartialMessages(
    {
      clock,
      connections: () => Object.values(engine.clients),
      addressOf: (id) => addresses.get(id),
      cut: (...what) => void cut.push(what),
    },
    1_000_000,
  )
  const sends = (from: string, bytes: number, isWhole = true) => {
    const raw = rawRequest(port, upgrade('/socket.io/?EIO=4&transport=websocket'), from)
    void vi
      .waitFor(() => expect(raw.text()).toContain('101'))
      .then(() => {
        raw.socket.write(head(isWhole ? 900_000 : bytes, isWhole))
        raw.socket.write(Buffer.alloc(bytes, '\0'))
      })
    return raw
  }
  const honest = sends('127.0.0.1', 300_000)
  const first = sends('127.0.0.2', 500_000)
  const held = () =>
    Object.values(engine.clients).reduce((sum, { transport }) => {
      const receiver = transport?.socket?._receiver
      return sum + (receiver ? receiver._bufferedBytes + receiver._messageLength : 0)
    }, 0)
  await vi.waitFor(() => expect(held()).toBe(800_000))
  unfinished.begin()
  await clock.advance(1_000)
  expect([cut, first.over()]).toEqual([[], false])
  const second = sends('127.0.0.2', 400_000, false) // the first part of a message in parts
  await vi.waitFor(() => expect(held()).toBe(1_200_000))
  await clock.advance(1_000)
  expect(cut).toEqual([['127.0.0.2', 2]])
  await Promise.all([first.closed, second.closed])
  expect(honest.over()).toBe(false)
  honest.socket.destroy()
  await vi.waitFor(() => expect(Object.keys(engine.clients)).toEqual([]))
  await clock.advance(3_000)
  expect(clock.running).toBe(0) // nobody is connected, so nothing is looked at
  await io.close()
})
