import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import 'socket.io-client' // looks at its surroundings once, before a test changes them
import { afterEach, describe, expect, it, vi } from 'vitest'
import { HeldStateError } from '../base/errors.js'
import { socketPath } from '../protocol/path.js'
import type { Subscription } from '../session/subscription.js'
import { socketWire } from './socket.js'
import { atEnd, closeAll, d, openTab, soon } from './socket-tab.fixture.js'
import { Tab } from './tab.js'

afterEach(async () => {
  vi.unstubAllGlobals()
  await closeAll()
})

it('carries calls up and their effects down', async () => {
  const { tab, now, saw, reports } = await openTab()
  tab.start()
  await saw('live')
  await Promise.all([now().add(1), now().add(2)])
  expect(now().n).toBe(3)
  expect(reports).toEqual([])
})

it('connects again by itself after the network has failed, to the same state', async () => {
  const { tab, now, saw, sockets, seen } = await openTab()
  tab.start()
  await saw('live')
  await now().add(1)
  for (const socket of sockets) socket.destroy()
  await saw('live', 'reconnecting')
  await now().add(10)
  expect(now().n).toBe(11)
  expect(seen).toEqual(['live', 'reconnecting', 'live'])
})

it('connects again by itself after the hub has ended the connection, where Socket.IO would not', async () => {
  const { tab, now, saw, watchers, seen } = await openTab()
  tab.start()
  await saw('live')
  await now().add(1)
  for (const watcher of watchers()) watcher.closeConnection()
  await saw('live', 'reconnecting', 'live')
  await now().add(1)
  expect(now().n).toBe(2)
  expect(seen).toEqual(['live', 'reconnecting', 'live'])
})

it('is offline, and not only reconnecting, when the browser says so', async () => {
  const { tab, saw, sockets } = await openTab()
  tab.start()
  await saw('live')
  vi.stubGlobal('navigator', { onLine: false })
  for (const socket of sockets) socket.destroy()
  await saw('live', 'offline', 'live')
})

describe('when there is reason to doubt the line', () => {
  /** What a browser has and Node has not. */
  function browser() {
    const page = new EventTarget()
    const document = Object.assign(new EventTarget(), { visibilityState: 'visible' })
    vi.stubGlobal('document', document)
    const asked: string[] = []
    vi.stubGlobal('addEventListener', (name: string, listener: () => void) => {
      asked.push(name)
      page.addEventListener(name, listener)
    })
    vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page))
    const says = (name: string) => () => page.dispatchEvent(new Event(name))
    return {
      goesOffline: says('offline'),
      comesOnline: says('online'),
      comesBack: says('pageshow'),
      isSeen: () => document.dispatchEvent(new Event('visibilitychange')),
      asked,
    }
  }

  it('a line that nobody answers on has ended, and the page comes back', async () => {
    const { goesOffline } = browser()
    const { tab, now, saw, sockets, seen } = await openTab()
    tab.start()
    await saw('live')
    for (const socket of sockets) socket.pause()
    atEnd(() => sockets.forEach((socket) => void socket.resume()))
    vi.stubGlobal('navigator', { onLine: false })
    goesOffline()
    await saw('live', 'offline')
    vi.stubGlobal('navigator', { onLine: true })
    await now().add(1)
    expect([now().n, seen]).toEqual([1, ['live', 'offline', 'live']])
  })

  it.each(['comesOnline', 'comesBack', 'isSeen'] as const)(
    'the page %s: a dead line has ended, a good one stays',
    async (event) => {
      const page = browser()
      const { tab, now, saw, sockets, seen } = await openTab()
      tab.start()
      await saw('live')
      page[event]()
      await new Promise((resolve) => setTimeout(resolve, 2_200)) // longer than an answer may take
      expect(seen).toEqual(['live'])
      for (const socket of sockets) socket.pause()
      atEnd(() => sockets.forEach((socket) => void socket.resume()))
      page[event]()
      await saw('live', 'reconnecting')
      await now().add(1)
      expect([now().n, seen]).toEqual([1, ['live', 'reconnecting', 'live']])
    },
  )

  it('a call over a dead line goes over another one, and takes effect once', async () => {
    const { tab, now, saw, sockets, seen } = await openTab()
    tab.start()
    await saw('live')
    for (const socket of sockets) socket.pause()
    atEnd(() => sockets.forEach((socket) => void socket.resume()))
    await Promise.all([now().add(1), now().add(1)])
    for (const socket of sockets) socket.resume()
    await now().add(1)
    expect([now().n, seen]).toEqual([3, ['live', 'reconnecting', 'live']])
  })

  it('a line that is answered on stays, also while a call is at work, and none is asked once the page has stopped', async () => {
    const { goesOffline } = browser()
    const { tab, now, saw, seen, reports, hub, watchers } = await openTab()
    tab.start()
    await saw('live')
    vi.stubGlobal('navigator', { onLine: false })
    let free = () => {}
    const [{ instance }] = [...watchers()] as unknown as [Subscription]
    const held = hub.modifyState(instance.token, d, () => new Promise<void>((resolve) => void (free = resolve)))
    const called = now().add(1)
    goesOffline()
    await new Promise((resolve) => setTimeout(resolve, 2_200)) // longer than an answer may take
    free()
    await Promise.all([held, called])
    expect([now().n, seen, reports]).toEqual([1, ['live'], []])
    tab.stop()
    goesOffline()
    expect(seen).toEqual(['live', 'offline'])
  })
})

it('learns why it was refused and when to come again, and connects then', async () => {
  const warned = vi.spyOn(console, 'warn').mockImplementation(() => {})
  const { tab, url, saw } = await openTab({ handshakesPerSecond: 1.5, handshakeBurst: 1 })
  await fetch(`${url}${socketPath}/?EIO=4&transport=polling`)
  const refusedAt = Date.now()
  tab.start()
  await soon(() => expect(tab.mirror.getState().waiting?.reason).toBe('too-many-handshakes'))
  expect(tab.mirror.getState().waiting?.nextRetryAt).toBeGreaterThanOrEqual(refusedAt + 1_000)
  expect(warned.mock.calls).toEqual([[expect.stringContaining('(too-many-handshakes)')]])
  await saw('connecting', 'live')
  expect(tab.mirror.getState().waiting).toBeUndefined()
  warned.mockRestore()
})

it('connects when the hub comes later than the page', async () => {
  const { tab, now, server, seen, ends } = await openTab()
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  tab.start()
  const called = now().add(4)
  await soon(() => expect(ends()).toBeGreaterThan(0))
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  await called
  expect(now().n).toBe(4)
  expect(seen).toEqual(['connecting', 'live'])
})

it('stays closed once it was stopped', async () => {
  const { tab, now, saw, watchers, seen } = await openTab()
  tab.start()
  await saw('live')
  const { size } = watchers()
  tab.stop()
  await soon(() => expect(watchers().size).toBe(0))
  expect([size, seen]).toEqual([1, ['live', 'offline']])
  await expect(now().add(1)).rejects.toMatchObject({ code: 'offline' })
})

it('a call that waits for the first connection and is larger than the hub allows fails by name', async () => {
  const { tab, now, saw, ends } = await openTab({ messageBytes: 10_000 })
  const large = (now().add as unknown as (text: string) => Promise<void>)('€'.repeat(4_000)).catch(({ code }) => code)
  const small = now().add(1)
  tab.start()
  await saw('connecting', 'live')
  expect(await large).toBe('payload-too-large')
  await small
  expect(ends()).toBe(0)
})

it('a page that is connected and never let in asks less and less often', async () => {
  const { tab, hub, ends } = await openTab()
  hub.connect = () => {
    throw new HeldStateError('hub-closed', 'Not yet.')
  }
  tab.start()
  await new Promise((resolve) => setTimeout(resolve, 4_000))
  expect(ends()).toBeGreaterThan(1)
  expect(ends()).toBeLessThan(8) // every third of a second would be more than ten
})

it('a server that takes the connection and answers nothing, as "next dev" does alone, is named in the console after some seconds', async () => {
  const silent = createServer().listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const taken: Socket[] = []
  silent.on('connection', (socket) => taken.push(socket))
  atEnd(() => {
    for (const socket of taken) socket.destroy()
    silent.close()
  })
  const reports: string[] = []
  const wire = socketWire(`http://127.0.0.1:${(silent.address() as AddressInfo).port}`, { forceNew: true })
  const identity = { claim: async () => undefined, keep: () => {}, forget: () => {} }
  const tab = new Tab({ wire, identity, report: ({ message }) => void reports.push(message) })
  tab.start()
  atEnd(() => tab.stop())
  await soon(() => expect(taken.length).toBeGreaterThan(0))
  expect(reports).toEqual([])
  await vi.waitFor(() => expect(reports).toHaveLength(1), { timeout: 9_000, interval: 100 })
  expect(reports[0]).toContain('and not with "next dev"')
})
