import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { HeldStateError } from '../../base/errors.js'
import { TestClock } from '../../testing/clock.js'
import { Definitions } from './definitions.js'

type Answer = (response: ServerResponse) => void

let requests: IncomingMessage[]
let answer: Answer
let errors: string[]
let warnings: string[]
let clock: TestClock
let close: () => void
let url: string
let disk: string[]
let notices: number
let told: { code: string; message: string }[]

const json = (status: number, body: unknown): Answer => {
  return (response) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

beforeEach(async () => {
  requests = []
  errors = []
  warnings = []
  disk = ['a.state.ts']
  notices = 0
  told = []
  answer = json(200, { modules: ['a.state.ts'] })
  clock = new TestClock()
  const server = createServer((request, response) => {
    requests.push(request)
    answer(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/heldstate`
  close = () => {
    server.close()
    server.closeAllConnections()
  }
})

afterEach(() => close())

function definitions(development: boolean) {
  const log = {
    info: () => {},
    warn: (message: string) => void warnings.push(message),
    error: (message: string) => void errors.push(message),
  }
  const stateFiles = { sources: () => disk, notify: () => void (notices += 1) }
  const broke = ({ code, message }: HeldStateError) => void told.push({ code, message })
  return new Definitions({ key: 'a-key', clock, log, broke, url: () => url, ...(development ? { stateFiles } : {}) })
}

/** Lets time pass until `waiting` is done; the milliseconds that took. Answers need real time. */
async function passing(waiting: Promise<void> | undefined): Promise<number> {
  const began = clock.now()
  let done = false
  void waiting?.finally(() => {
    done = true
  })
  while (!done) {
    await new Promise((resolve) => setTimeout(resolve, 5))
    if (!done) await clock.advance(10)
  }
  return clock.now() - began
}

test('asks once in production, with the key', async () => {
  const loaded = definitions(false)
  await Promise.all([loaded.prepare(), loaded.prepare()])
  await clock.advance(60_000)
  expect(loaded.prepare()).toBeUndefined()
  expect(requests.map(({ headers }) => headers['x-heldstate-key'])).toEqual(['a-key'])
})

test('asks again in development when 300 ms have passed since the last time', async () => {
  const loaded = definitions(true)
  await loaded.prepare()
  await clock.advance(299)
  expect(loaded.prepare()).toBeUndefined()
  await clock.advance(1)
  await loaded.prepare()
  expect(requests).toHaveLength(2)
})

test('keeps old definitions when an edit broke a module, and says so once', async () => {
  const loaded = definitions(true)
  await loaded.prepare()
  answer = json(500, { code: 'duplicate-id', message: 'Two states have the id "a".' })
  for (const _ of [1, 2]) {
    await clock.advance(300)
    await loaded.prepare()
  }
  expect(errors).toEqual(['The state modules could not be loaded: Two states have the id "a".'])
  expect(told).toEqual([
    { code: 'duplicate-id', message: 'The state modules could not be loaded: Two states have the id "a".' },
  ])
})

test('a page that asks first is told of two states with one id', async () => {
  answer = json(500, { code: 'duplicate-id', message: 'Two states have the id "a".' })
  await expect(definitions(true).prepare()).rejects.toMatchObject({
    code: 'duplicate-id',
    message: expect.stringContaining('Two states have the id "a"'),
  })
})

test('asks again, and tells the bundler, until modules that came or went on disk are in the answer', async () => {
  const loaded = definitions(true)
  await loaded.prepare()
  disk = ['a.state.ts', 'b.state.ts']
  answer = (response) => json(200, { modules: requests.length < 4 ? ['a.state.ts'] : disk })(response)
  await clock.advance(300)
  await passing(loaded.prepare())
  expect([requests.length, notices, warnings]).toEqual([4, 1, []])

  disk = ['a.state.ts'] // the bundler misses the other one until it has noticed
  answer = (response) => (requests.length < 6 ? json(500, {}) : json(200, { modules: disk }))(response)
  await clock.advance(300)
  await passing(loaded.prepare())
  expect([requests.length, notices, errors]).toEqual([6, 2, []])
})

test('an answer is no longer new when a module came since', async () => {
  const loaded = definitions(true)
  await loaded.prepare()
  disk = ['a.state.ts', 'b.state.ts']
  await clock.advance(49)
  expect(loaded.prepare()).toBeUndefined() // looking at the disk for each of a burst of events would be slow
  await clock.advance(1)
  answer = json(200, { modules: disk })
  await loaded.prepare()
  expect(requests).toHaveLength(2)
  await clock.advance(50)
  expect(loaded.prepare()).toBeUndefined()
})

test('goes on without a module that the bundler does not notice, says so once and waits no second time', async () => {
  const loaded = definitions(true)
  await loaded.prepare()
  disk = ['a.state.ts', 'b.state.ts', 'c.state.ts']
  await clock.advance(300)
  expect(await passing(loaded.prepare())).toBeGreaterThanOrEqual(3_000)
  await clock.advance(300)
  const { length } = requests
  await loaded.prepare()
  expect(requests).toHaveLength(length + 1)
  expect(warnings).toEqual(['Next did not pick up b.state.ts, c.state.ts. Restart it if this persists.'])
})

test('a broken module keeps nobody waiting when none came or went', async () => {
  const loaded = definitions(true)
  await loaded.prepare()
  answer = json(500, {})
  await clock.advance(300)
  await loaded.prepare()
  expect([requests.length, notices]).toEqual([2, 0])
})

test('goes on with old definitions when Next compiles for long, and asks no second time meanwhile', async () => {
  const loaded = definitions(true)
  await loaded.prepare()
  await clock.advance(300)
  answer = () => {}
  const waiting = loaded.prepare()
  await new Promise((resolve) => setTimeout(resolve, 50))
  await clock.advance(5_000)
  await waiting
  await loaded.prepare()
  expect(warnings).toEqual([
    'Next is still compiling; until it finishes, events run the code from before the last edit.',
  ])
  expect(requests).toHaveLength(2)
})

test('fails when there are none at all, and asks again for the next call', async () => {
  const loaded = definitions(false)
  answer = json(500, { message: 'It broke.' })
  await expect(loaded.prepare()).rejects.toMatchObject({ code: 'registry-unreachable' })
  answer = json(200, { modules: [] })
  await loaded.prepare()
  expect(requests).toHaveLength(2)
})

test.each<[string, Answer, RegExp]>([
  ['a missing route', json(404, {}), /no route for them\. Create app\/api\/heldstate\/route\.ts/],
  ['a page that takes every path', (response) => response.writeHead(200).end('<html>'), /no route for them/],
  [
    'a redirect',
    (response) => response.writeHead(307, { location: '/login' }).end(),
    /redirects \/api\/heldstate to \/login/,
  ],
  ['a refusal', (response) => response.writeHead(401).end('no'), /rejects \/api\/heldstate with 401/],
  ['a compile error', (response) => response.writeHead(500).end('<html>'), /answers 500; see the log lines above/],
  ['no answer', (response) => response.destroy(), /does not answer at http:.* \(other side closed\)|socket/],
])('explains %s', async (_, given, sentence) => {
  answer = given
  await expect(definitions(false).prepare()).rejects.toThrow(sentence)
  expect(errors[0]).toMatch(sentence)
})

test('does not wait forever', async () => {
  answer = () => {}
  const waiting = definitions(false).prepare()
  const failed = expect(waiting).rejects.toThrow(/does not answer at .* for 120 seconds/)
  await new Promise((resolve) => setTimeout(resolve, 50))
  await clock.advance(120_000)
  await failed
})
