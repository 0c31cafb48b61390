/** Pages that do not read what they are sent, or read slowly, over real sockets. */
import { connect, createServer as createProxy, type Socket as NetSocket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { processLimits } from '../base/server-limits.js'
import { shownOf } from '../client/mirror.js'
import { socketWire } from '../client/socket.js'
import { Tab } from '../client/tab.js'
import { defineState } from '../doors/authors.js'
import { socketPath } from '../protocol/path.js'
import { protocolVersion } from '../protocol/version.js'
import { listening } from './server.fixture.js'

const size = 480_000
const big = defineState('big', () => ({ text: 'x'.repeat(size), n: 0 })).events((on) => ({
  add: on((s) => {
    s.n += 1
  }),
  fill: on((s, length: number) => {
    s.text = `${'€'.repeat(100)}"\n`.repeat(length / 102)
  }),
}))
const hello = { version: protocolVersion, page: 'a'.repeat(32), subscriptions: [[0, 'tab', ['big']]] }

let cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const end of cleanUp.reverse()) await end()
  cleanUp = []
})

async function serving() {
  const served = await listening([big])
  cleanUp.push(served.close)
  return served
}

function tabAt(url: string): Tab {
  const tab = new Tab({
    wire: socketWire(url, { forceNew: true }),
    identity: { claim: async () => undefined, keep: () => {}, forget: () => {} },
    report: () => {},
  })
  cleanUp.push(() => tab.stop())
  tab.watch('big')
  tab.start()
  return tab
}

const textOf = (tab: Tab) => (shownOf(tab.mirror.getState()).views.get(0) as { text: string } | undefined)?.text

async function until(holds: () => boolean): Promise<void> {
  for (let waited = 0; !holds(); waited += 10) {
    if (waited > 20_000) throw new Error('it does not come true')
    await sleep(10)
  }
}

it('keeps one welcome for a websocket that does not read, however often it asks', async () => {
  const { hub, url } = await serving()
  const socket = new WebSocket(`${url.replace('http', 'ws')}${socketPath}/?EIO=4&transport=websocket`)
  cleanUp.push(() => socket.terminate())
  await new Promise((resolve) => socket.once('open', resolve))
  socket.send(`40${JSON.stringify(hello)}`)
  await until(() => hub.sessions.size === 1)
  socket.pause()
  for (let asked = 0; asked < 30; asked += 1) {
    socket.send('42["resync"]')
    await sleep(processLimits.resyncPauseMs / 5)
  }
  // kernels take some megabytes before they stop; what the process itself holds stays one welcome
  const held = [...hub.sessions].length
  expect(held).toBe(1)
  expect(hub.memory.unread.bytes).toBeLessThan(2 * size)
}, 30_000)

it('keeps one welcome for a page that polls without asking for answers', async () => {
  const { hub, url } = await serving()
  const at = `${url}${socketPath}/?EIO=4&transport=polling`
  const { sid } = JSON.parse((await (await fetch(at)).text()).slice(1)) as { sid: string }
  const post = (body: string) => fetch(`${at}&sid=${sid}`, { method: 'POST', body })
  await post(`40${JSON.stringify(hello)}`)
  await until(() => hub.sessions.size === 1)
  for (let asked = 0; asked < 20; asked += 1) {
    await post('42["resync"]')
    await sleep(processLimits.resyncPauseMs / 2)
  }
  expect(hub.memory.unread.bytes).toBeGreaterThan(0)
  expect(hub.memory.unread.bytes).toBeLessThan(2 * size)
}, 30_000)

it('brings ten megabytes to a page on a slow line, and its calls after them', async () => {
  const { hub, url } = await serving()
  const proxy = slowProxy(new URL(url).port, 8_000_000)
  cleanUp.push(() => proxy.close())
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  const tab = tabAt(`http://127.0.0.1:${(proxy.address() as { port: number }).port}`)
  await until(() => tab.mirror.getState().status === 'live')
  await tab.call('big', 'fill', [3_060_000])
  expect(textOf(tab)?.length).toBe(3_060_000)
  expect(textOf(tab)).toBe(`${'€'.repeat(100)}"\n`.repeat(30_000))
  await tab.call('big', 'add', [])
  expect((shownOf(tab.mirror.getState()).views.get(0) as { n: number }).n).toBe(1)
  expect(hub.memory.unread.bytes).toBe(0)
}, 30_000)

/** A proxy that hands on so many bytes a second of what the server says. */
function slowProxy(port: string, bytesPerSecond: number) {
  return createProxy((page: NetSocket) => {
    const server = connect(Number(port), '127.0.0.1')
    page.pipe(server)
    page.on('error', () => server.destroy())
    server.on('error', () => page.destroy())
    server.on('close', () => page.destroy())
    page.on('close', () => server.destroy())
    server.on('data', (chunk: Buffer) => {
      page.write(chunk)
      server.pause()
      setTimeout(() => server.resume(), (chunk.length / bytesPerSecond) * 1000)
    })
  })
}
