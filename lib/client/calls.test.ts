import { expect, it } from 'vitest'
import { pageLimits } from '../base/limits.js'
import { defineState } from '../doors/authors.js'
import { testHub } from '../testing/kit.js'

/** By the clock of the test. */
let wait = async (_ms: number) => {}

const d = defineState('d', () => ({ seen: [] as string[] })).events((on) => ({
  say: on(async (s, word: string) => {
    if (word.includes('slow')) await wait(15_000)
    s.seen.push(word.slice(0, 10))
  }),
}))

/** A page whose messages pass something that ends the connection over some of them. */
async function open(isPoison: (text: string) => boolean, limits = {}) {
  const kit = testHub([d], { limits })
  wait = (ms) => new Promise((resolve) => void kit.clock.after(ms, resolve))
  const tab = await kit.open()
  const { say } = await tab.watch(d)
  const { wire } = tab
  const send = wire.send.bind(wire)
  const sent: string[] = []
  wire.send = (...message) => {
    const text = JSON.stringify(message)
    sent.push(text)
    if (isPoison(text)) wire.cut()
    else send(...message)
  }
  /** How a call has ended, if it has. */
  const call = (word: string) => {
    const end: { code?: string; message?: string } = {}
    say(word).then(
      () => Object.assign(end, { code: 'done' }),
      ({ code, message }) => Object.assign(end, { code, message }),
    )
    return end
  }
  const seen = () => tab.state(d).seen
  return { ...kit, tab, call, seen, sent }
}

it('a call over which connections end is given up, and those beside it are made', async () => {
  const { tab, call, seen, sent, clock } = await open((text) => text.includes('poison'))
  const [a, poison, b] = [call('a'), call('poison'), call('b')]
  let connections = 0
  for (; connections < 20 && !poison.code; connections += 1) {
    await clock.advance(100)
    await tab.reconnect()
  }
  await clock.advance(100)
  await tab.reconnect()
  const last = call('c')
  await clock.advance(100)
  expect([a.code, b.code, last.code]).toEqual(['done', 'done', 'done'])
  expect(poison).toMatchObject({
    code: 'connection-lost',
    message: expect.stringContaining('the page stops sending it'),
  })
  expect(seen()).toEqual(['a', 'b', 'c'])
  expect(sent.filter((text) => text.includes('poison'))).toHaveLength(2 + pageLimits.suspectEnds)
  expect(connections).toBeLessThan(8)
})

it('what is called meanwhile waits until the suspect call has ended', async () => {
  const { tab, call, sent, clock } = await open((text) => text.includes('poison'))
  call('poison')
  for (let ends = 0; ends < 2; ends += 1) {
    await clock.advance(10)
    await tab.reconnect()
  }
  const later = call('later')
  expect(sent.at(-1)).not.toContain('later')
  for (let ends = 0; ends < pageLimits.suspectEnds && !later.code; ends += 1) {
    await clock.advance(10)
    await tab.reconnect()
  }
  await clock.advance(10)
  expect(later.code).toBe('done')
})

it('a call is not suspect where the server itself was away, nor where it was sent long ago', async () => {
  let isDown = false
  const { tab, call, clock } = await open(() => isDown)
  isDown = true
  const made = call('a')
  for (let time = 0; time < 10; time += 1) {
    await clock.advance(10)
    tab.wire.cut() // an attempt that fails
    await tab.reconnect()
  }
  expect(made.code).toBeUndefined()
  isDown = false
  await clock.advance(10)
  await tab.reconnect()
  expect(made.code).toBe('done')
})

it('a call is not suspect where the hub or the page has ended the connection on purpose', async () => {
  const { hub, tab, call, clock } = await open(() => false)
  const made = call('slow')
  for (let times = 0; times < 10; times += 1) {
    await clock.advance(500)
    if (times % 2 === 0) hub.disconnect({ browser: tab.browser })
    else tab.wire.cut(false, undefined, true)
    await clock.advance(100)
    await tab.reconnect()
  }
  await clock.advance(20_000)
  expect(made.code).toBe('done')
})

it('a call that waits and is larger than the hub allows is refused by name as soon as the hub has said so', async () => {
  const kit = testHub([d], { limits: { messageBytes: 2_000 } })
  const tab = await kit.open()
  await tab.watch(d)
  tab.drop()
  const { say } = tab.state(d)
  const ends: string[] = []
  const note = (call: Promise<void>) =>
    call.then(
      () => void ends.push('done'),
      ({ code }) => void ends.push(code),
    )
  void note(say('€'.repeat(800)))
  void note(say('fits'))
  await tab.reconnect()
  await kit.clock.advance(100)
  expect(ends.sort()).toEqual(['done', 'payload-too-large'])
})

it('a call that was made before the first welcome too', async () => {
  const kit = testHub([d], { limits: { messageBytes: 2_000 } })
  const first = await kit.open()
  await first.watch(d)
  const { TestTab } = await import('../testing/kit.js')
  const tab = new TestTab(kit.hub, kit.clock, 'ab'.repeat(16))
  const { say } = tab.state(d)
  const big = say('x'.repeat(5_000)).catch(({ code }) => code)
  const small = say('fits')
  tab.connect()
  await kit.clock.advance(100)
  expect(await big).toBe('payload-too-large')
  await small
  expect(tab.state(d).seen).toEqual(['fits'])
})

it('calls go out in order, also around one that is suspect: the hub takes a call for ended once a later one has', async () => {
  const { tab, call, seen, sent, clock } = await open(() => false)
  const first = call('first slow')
  await clock.advance(pageLimits.suspectMs + 1)
  const second = call('second')
  for (let connections = 0; connections < 2; connections += 1) {
    await clock.advance(10)
    tab.drop()
    await tab.reconnect()
  }
  expect(sent.filter((text) => text.includes('call')).at(-1)).toContain('first') // the suspect one waits for it
  expect(second.code).toBeUndefined()
  await clock.advance(20_000)
  expect([first.code, second.code]).toEqual(['done', 'done'])
  expect(seen()).toEqual(['first slow', 'second'])
})
