import { afterEach, beforeEach, expect, test, vi } from 'vitest'

let loads: number
let failures: number
let opened: { connected: boolean; url: string }[]

beforeEach(() => {
  loads = 0
  failures = 0
  opened = []
  vi.useFakeTimers()
  vi.resetModules()
  vi.doMock('socket.io-client', () => {
    loads += 1
    if (loads <= failures) throw new Error('no such chunk')
    return { io: fakeIo }
  })
})

afterEach(() => {
  vi.useRealTimers()
  vi.doUnmock('socket.io-client')
})

function fakeIo(url: string) {
  const socket = {
    connected: true,
    url,
    onAny() {},
    on() {},
    io: { once() {} },
    disconnect: () => void (socket.connected = false),
  }
  opened.push(socket)
  return socket
}

async function wire() {
  const { socketWire } = await import('./socket.js')
  const closed: boolean[] = []
  const listener = {
    hello: async () => ({}),
    message: () => {},
    closed: (offline: boolean) => void closed.push(offline),
  }
  const made = socketWire('a')
  return { made, closed, start: () => made.start(listener) }
}

/** Time for modules to load, and for so many milliseconds to pass. */
const passing = async (ms = 0) => {
  for (let turn = 0; turn < 20; turn += 1) await vi.advanceTimersByTimeAsync(ms / 20)
  await vi.dynamicImportSettled()
  await vi.advanceTimersByTimeAsync(0)
}

test('the door to React loads no Socket.IO on the server', async () => {
  await import('../doors/react.js')
  await passing()
  expect(loads).toBe(0)
})

test('it is loaded by the first start', async () => {
  const { start } = await wire()
  start()
  await passing()
  expect(opened).toMatchObject([{ url: 'a', connected: true }])
})

test('a wire that is stopped while it loads does not connect; one that is started again connects once', async () => {
  const { made, start } = await wire()
  start()
  made.stop()
  await passing()
  expect(opened).toEqual([])

  start()
  made.stop()
  start()
  await passing()
  expect(opened).toHaveLength(1)
  made.stop()
  expect(opened).toMatchObject([{ connected: false }])
})

test('a load that fails is a connection that ended, and is tried again', async () => {
  failures = 1
  const { closed, start } = await wire()
  start()
  await passing()
  expect([closed, opened]).toEqual([[false], []])
  await passing(1_000)
  expect(opened).toHaveLength(1)
})

test('a wire that is stopped while it waits to load again stays so', async () => {
  failures = 1
  const { made, start } = await wire()
  start()
  await passing()
  made.stop()
  await passing(2_000)
  expect([loads, opened]).toEqual([1, []])
})
