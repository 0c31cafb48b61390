/**
 * An answer that streams, beside plain Socket.IO that sends the tokens: bytes down with Socket.IO's framing, characters written to the store, and
 * CPU of an append. Everything is measured twice. `npm run bench:text`.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { append, defineState } from 'heldstate'
import { diskStore } from 'heldstate/next'
import { Server } from 'socket.io'
import { io } from 'socket.io-client'
import { HubRuntime } from '../lib/dist/hub/hub.js'
import { socketPath } from '../lib/dist/protocol/path.js'
import { TokenRecord } from '../lib/dist/store/record.js'
import type { StateStore } from '../lib/dist/store/store.js'
import { attachSocketIo } from '../lib/dist/transport/socketio.js'
import { heldClient } from './socketio/clients.js'

const tokens = 2_000
const size = 4
const frameMs = 4
const characters = tokens * size

interface Message {
  readonly from: string
  text: string
}

/** The state is named as that of the other benchmarks, whose client shows it. */
const chat = defineState('bench', () => ({ counter: 0, text: '', messages: [] as Message[] }))
  .tasks((background) => ({
    stream: background(async ({ update, sleep }, perFrame: number, place: 'text' | 'messages') => {
      await update((s) => void s.messages.push({ from: 'person', text: 'Hello!' }, { from: 'model', text: '' }))
      for (let sent = 0; sent < tokens; sent += perFrame) {
        await Promise.all(
          Array.from({ length: perFrame }, (_, index) =>
            update((s) => {
              const words = token(sent + index)
              if (place === 'text') s.text += words
              else (s.messages.at(-1) as Message).text += words
            }),
          ),
        )
        await sleep(frameMs + 1)
      }
    }),
  }))
  .events((on) => ({
    begin: on((s, text: string) => {
      s.text = text
    }),
  }))

const token = (index: number) => `${index.toString(36).padStart(size - 1, '.')} `

function note(name: string, value: number, most: number, unit: string, detail = ''): void {
  const figure = value >= 100 || Number.isInteger(value) ? value.toFixed(0) : value.toFixed(2)
  console.log(
    `${value <= most ? 'reached' : 'missed '}  ${`${figure} ${unit}`.padStart(10)}  (at most ${most})  ${name}${detail && `: ${detail}`}`,
  )
}

async function listening(attach: (server: ReturnType<typeof createServer>) => void) {
  const server = createServer()
  attach(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, port: (server.address() as AddressInfo).port }
}

/** Bytes that a plain server sends, a token a message. */
async function bare(): Promise<number> {
  const sockets = new Server({ serveClient: false, perMessageDeflate: false })
  sockets.on('connection', (socket) =>
    socket.on('stream', () => {
      for (let index = 0; index < tokens; index += 1) socket.emit('t', token(index))
      socket.emit('end')
    }),
  )
  const { server, port } = await listening((server) => sockets.attach(server))
  const socket = io(`http://127.0.0.1:${port}`, { transports: ['websocket'], forceNew: true })
  let bytes = 0
  socket.on('t', (words: string) => {
    bytes += `42${JSON.stringify(['t', words])}`.length
  })
  const ended = new Promise<void>((resolve) => socket.on('end', resolve))
  socket.emit('stream')
  await ended
  socket.disconnect()
  await sockets.close()
  server.close()
  return bytes
}

/** A store that counts the characters which it would write. */
function counting(): { readonly store: StateStore; written(): number } {
  let written = 0
  const records = new Map<string, TokenRecord>()
  const store: StateStore = {
    load: (token) => records.get(token)?.saved,
    read: (token) => records.get(token)?.saved,
    save: (token, next) => {
      const { record, writes } = (records.get(token) ?? TokenRecord.empty).to(next)
      for (const text of Object.values(writes)) written += text?.length ?? 0
      records.set(token, record)
    },
    drop: (token) => void records.delete(token),
    ofBrowser: () => [],
    orphans: async () => [],
    close: () => {},
  }
  return { store, written: () => written }
}

async function streamed(perFrame: number, place: 'text' | 'messages') {
  const { store, written } = counting()
  const hub = new HubRuntime({ store, limits: { frameMs } })
  hub.registry.add(chat)
  const { server, port } = await listening((server) => attachSocketIo(hub, server, { path: socketPath }))
  const client = await heldClient(port, [chat])
  const [bytes, saved] = [client.bytes(), written()]
  await client.call('bench', 'stream', perFrame, place)
  const frames = tokens / perFrame
  let last = -1
  while (client.bytes() !== last) {
    last = client.bytes()
    await new Promise((resolve) => setTimeout(resolve, 1_000))
  }
  client.close()
  await hub.close()
  server.close()
  return { bytes: last - bytes, header: (last - bytes - characters) / frames, written: written() - saved }
}

async function wire(): Promise<void> {
  const plain = await bare()
  console.log(`plain Socket.IO, a token a message: ${plain} bytes, ${(plain / characters).toFixed(1)} times the text`)
  for (const place of ['text', 'messages'] as const) {
    const where = place === 'text' ? 'a field' : 'the last message of a list'
    const one = await streamed(1, place)
    note(`bytes down, one token a frame, in ${where}`, one.bytes / characters, 12, '×', `${one.bytes} bytes`)
    note(`beside the new characters of a frame, in ${where}`, one.header, 30, 'B')
    note(`characters written, in ${where}`, one.written / characters, 3, '×', `${one.written} characters`)
    const eight = await streamed(8, place)
    note(`bytes down, eight tokens a frame, in ${where}`, eight.bytes / characters, 2.5, '×', `${eight.bytes} bytes`)
    note(`characters written, eight tokens a frame, in ${where}`, eight.written / characters, 3, '×')
  }
}

const ways = {
  '+=': (s: { text: string }) => {
    s.text += 'abcd'
  },
  append: (s: { text: string }) => append(s, 'text', 'abcd'),
}

/** Microseconds of CPU for an append, saved on the disk, and shown by a page in this process. */
async function cost(way: keyof typeof ways, length: number, unit: string): Promise<number> {
  const dir = mkdtempSync(join(tmpdir(), 'heldstate-text-'))
  const hub = new HubRuntime({ store: diskStore({ dir }), limits: { frameMs: 0 } })
  hub.registry.add(chat)
  const { server, port } = await listening((server) => attachSocketIo(hub, server, { path: socketPath }))
  const client = await heldClient(port, [chat])
  await client.call('bench', 'begin', 'x')
  const [token = ''] = hub.instances.keys()
  await hub.modifyState(token, chat, (s) => void (s.text = unit.repeat(length)))
  const times: number[] = []
  for (let round = 0; round < 9; round += 1) {
    const before = process.cpuUsage()
    for (let index = 0; index < 100; index += 1) {
      await hub.modifyState(token, chat, ways[way])
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
    const { user, system } = process.cpuUsage(before)
    times.push((user + system) / 100)
  }
  client.close()
  await hub.close()
  server.close()
  rmSync(dir, { recursive: true })
  return times.sort((a, b) => a - b)[times.length >> 1] as number
}

async function cpu(): Promise<void> {
  for (const [unit, name] of [
    ['x', 'Latin'],
    ['中', 'Chinese'],
  ] as const)
    for (const way of ['+=', 'append'] as const) {
      const [small, medium, large] = [
        await cost(way, 1_000, unit),
        await cost(way, 100_000, unit),
        await cost(way, 1_000_000, unit),
      ]
      const shown = [small, medium, large].map((us) => `${us.toFixed(0)} µs`).join(', ')
      note(`CPU of ${way} to 100,000 ${name} characters, to that of 1,000`, medium / small, 3, '×', shown)
      if (way === 'append')
        note(`CPU of ${way} to 1,000,000 ${name} characters, to that of 1,000`, large / small, 3, '×')
    }
}

for (const run of [1, 2]) {
  console.log(`\nRun ${run}`)
  await wire()
  await cpu()
}
process.exit(0)
