/** Words of strangers: on the wire, in the store and in the log they stay short, however long they were sent. */
import { expect, it } from 'vitest'
import { z } from 'zod'
import { textLimits } from '../base/limits.js'
import { logLimits } from '../base/server-limits.js'
import { defineState, Refusal } from '../doors/authors.js'
import { memoryStore } from '../doors/server.js'
import { gate } from '../testing/await.fixture.js'
import { testHub } from '../testing/kit.js'

const words = 'x'.repeat(900_000)
const rows = z.record(z.string(), z.number())
let wait = gate()

const d = defineState('d', () => ({ n: 0, bad: '' }))
  .computed({
    derived: (s) => {
      if (s.bad) throw new Error(s.bad)
      return s.n
    },
  })
  .tasks((background) => ({
    fail: background(async (_, text: string) => {
      throw new Refusal(text)
    }),
    note: background(async ({ progress }, text: string) => {
      progress(0.5, text)
      await wait.opened
    }),
  }))
  .events((on) => ({
    add: on((s) => {
      s.n += 1
    }),
    echo: on((_, text: string) => {
      const no = `no city ${text}`
      throw Number.parseInt(text, 10) % 2 === 0 ? new Refusal(no) : new Error(no)
    }),
    break: on((s, bad: string) => {
      s.bad = bad
    }),
    rows: on(rows, (s) => void (s.n += 1)),
  }))

async function open() {
  wait = gate()
  const store = memoryStore()
  const kit = testHub([d], { store })
  const tab = await kit.open()
  const state = await tab.watch(d)
  const saved = () => JSON.stringify(store.load(tab.token))
  return { ...kit, kit, tab, state, saved }
}

it('100 refused calls that echo 900 KB leave little in the store and in the log', async () => {
  const { kit, state, saved, log } = await open()
  for (let call = 0; call < 100; call += 1) {
    const error = await kit.done(state.echo(`${call}${words}`).catch((failure) => failure))
    if (call % 2 === 0) expect(error.message).toHaveLength(textLimits.messageText)
    else expect(error.message).toMatch(/^Something went wrong \(reference \w{8}\)\.$/)
  }
  await kit.done(state.add())
  expect(saved().length).toBeLessThan(30_000)
  expect(log.lines.length).toBeLessThanOrEqual(logLimits.logLinesOfKind)
  expect(log.lines.join().length).toBeLessThan(30_000)
})

it('refused arguments with many long issues leave as little', async () => {
  const { kit, state, saved } = await open()
  const many = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`${index}${'k'.repeat(10_000)}`, 'no']))
  for (let call = 0; call < 100; call += 1) await kit.done(state.rows(many as never).catch(() => {}))
  await kit.done(state.add())
  expect(saved().length).toBeLessThan(40_000)
})

it('a call that is sent again gets the code of its failure, however many there were since', async () => {
  const { kit, state, tab } = await open()
  const failing = Array.from({ length: 50 }, (_, index) => state.echo(`${index}${words}`).catch((error) => error.code))
  tab.drop()
  await tab.reconnect()
  expect(new Set(await kit.done(Promise.all(failing)))).toEqual(new Set(['handler-failed']))
})

it('the error and the note of a task are cut', async () => {
  const { kit, state, tab, clock } = await open()
  await kit.done(state.fail.start(words))
  await kit.done(state.note.start(words))
  await clock.advance(50)
  expect(tab.state(d).fail.error?.message).toHaveLength(textLimits.messageText)
  expect(tab.state(d).note.note).toHaveLength(textLimits.messageText)
  wait.open()
})

it('a computed value that throws at each change is a few lines in the log', async () => {
  const { kit, state, log } = await open()
  for (let call = 0; call < 100; call += 1) await kit.done(state.break(`${'y'.repeat(call)}no\nheldstate: fine`))
  expect(log.lines.length).toBeLessThanOrEqual(logLimits.logLinesOfKind)
  expect(log.lines.every((line) => !line.includes('\n'))).toBe(true)
})

it('a message that names something by more characters than a name has is malformed', async () => {
  const { tab, hub } = await open()
  const sent: unknown[] = []
  const connection = { cookies: undefined, send: (...message: unknown[]) => void sent.push(message), close: () => {} }
  const hello = { version: 0, page: 'a'.repeat(32), subscriptions: [[0, 'tab', [words]]] }
  const version = Number(
    /speaks version 0 of .* versions \d+ to (\d+)/.exec(
      String(await failed(() => hub.connect(connection, hello, 'b'))),
    )?.[1],
  )
  expect(String(await failed(() => hub.connect(connection, { ...hello, version }, 'b')))).toContain('state ids')
  const session = hub.connect(connection, { ...hello, version, subscriptions: [[0, 'tab', []]] }, 'b')
  await new Promise((resolve) => setImmediate(resolve))
  for (const message of [
    ['call', 0, 1, 'd', words, []],
    ['call', 0, 2, words, 'add', []],
    ['cancel', 0, 3, 'd', words],
    ['watch', 0, 4, words],
  ])
    session.receive(message[0], message.slice(1))
  session.flush()
  expect(JSON.stringify(sent).match(/invalid-message/g)).toHaveLength(4)
  expect(JSON.stringify(sent).length).toBeLessThan(3_000)
  expect(tab.token).toHaveLength(32)
})

const failed = async (work: () => unknown) => {
  try {
    return work()
  } catch (error) {
    return error
  }
}
