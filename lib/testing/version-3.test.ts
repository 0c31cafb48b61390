/** A page of protocol 3: its own client, over this hub. */
import { expect, it } from 'vitest'
import type { Tab } from '../client/tab.js'
import { defineState, reply } from '../doors/authors.js'
import { memoryStore } from '../store/memory.js'
import { Tab as OldTab } from './clients/version-3.fixture.mjs'
import { testHub } from './kit.js'
import { Loopback } from './loopback.js'

const d = defineState('d', () => ({ n: 0, names: [] as string[], text: '' }))
  .tasks((background) => ({
    work: background(async ({ sleep, progress }) => {
      progress(0.5)
      await sleep(100)
      return reply({ rows: 5 })
    }),
  }))
  .events((on) => ({
    say: on((s, words: string) => {
      s.text += words
    }),
    add: on((s, by: number) => {
      s.n += by
      return undefined
    }),
    name: on((s, name: string) => {
      s.names.push(name)
    }),
    fails: on(() => {
      throw new Error('on purpose')
    }),
    replies: on((s) => {
      s.n += 1
      return reply({ n: s.n, text: 'x'.repeat(16_000) })
    }),
    slow: on(async (s, name: string) => {
      await new Promise<void>((resolve) => void hold.push(resolve))
      s.names.push(name)
    }),
  }))
const hold: (() => void)[] = []

function oldPage(limits = {}) {
  const kit = testHub([d], { store: memoryStore(), limits })
  const wire = new Loopback(kit.hub, kit.clock, 'a browser')
  const reports: string[] = []
  let signed: string | undefined
  const identity = { claim: async () => signed, keep: (token: string) => void (signed = token), forget: () => {} }
  const report = ({ code }: { code: string }) => void reports.push(code)
  const tab = new OldTab({ wire, identity, page: 'c'.repeat(32), report }) as unknown as Tab
  tab.watch('d')
  const call = (member: string, ...args: unknown[]) =>
    tab.call('d', member, args).then(
      () => 'done',
      (error: { code: string }) => error.code,
    )
  const mirror = () => tab.mirror.getState() as unknown as { status: string; views: Map<number, { n: number }> }
  return { ...kit, wire, tab, call, reports, mirror, token: () => (signed as string).split('.')[0] as string }
}

it('gets no replies, and waits for none of them', async () => {
  const { tab, call, reports, clock, mirror } = oldPage()
  tab.start()
  await clock.settle()
  const calls = Array.from({ length: 20 }, () => call('replies'))
  await clock.settle()
  expect(await Promise.all(calls)).toEqual(Array.from({ length: 20 }, () => 'done'))
  expect(mirror().views.get(0)).toMatchObject({ n: 20 })
  expect(reports).toEqual([])
})

it('starts a task, sees how far it is, and cancels it; of its result it knows nothing', async () => {
  const { tab, call, clock, mirror, reports } = oldPage()
  tab.start()
  await clock.settle()
  const started = call('work')
  await clock.advance(50)
  expect(await started).toBe('done')
  expect(mirror().views.get(0)).toMatchObject({ work: { running: 1, progress: 0.5 } })
  const old = tab as unknown as { cancel(definition: string, task: string): Promise<void> }
  const cancelled = old.cancel('d', 'work')
  await clock.advance(50)
  await cancelled
  expect(mirror().views.get(0)).toMatchObject({ work: { running: 0, outcome: 'cancelled' } })
  const again = call('work')
  await clock.advance(200)
  expect(await again).toBe('done')
  expect(mirror().views.get(0)).toMatchObject({ work: { running: 0, outcome: 'done' } })
  expect(reports).toEqual([])
})

it('gets the outcome of each call that waits in it, and is then told to reload', async () => {
  const { tab, wire, call, reports, mirror, clock, hub, token } = oldPage()
  tab.start()
  await clock.settle()
  expect(mirror().status).toBe('live')
  wire.cut()
  const calls = [call('add', 5), call('fails'), call('name', 'a'), call('none'), call('add', 1)]
  await clock.settle()
  await wire.connect()
  await clock.settle()
  expect(await Promise.all(calls)).toEqual(['done', 'handler-failed', 'done', 'unknown-member', 'done'])
  expect(mirror().views.get(0)).toMatchObject({ n: 6, names: ['a'] })
  expect(hub.instance(token()).state.d).toMatchObject({ n: 6, names: ['a'] })
  expect(reports).toEqual([])
  await clock.advance(3_000)
  expect(reports).toEqual(['protocol-version'])
  expect(mirror().status).toBe('offline')
})

it('does not lose a call that takes longer, and one that is sent again has no second effect', async () => {
  const { tab, wire, call, reports, mirror, clock } = oldPage()
  tab.start()
  await clock.settle()
  const slow = call('slow', 'b')
  await clock.advance(1_000)
  wire.cut()
  await wire.connect()
  await clock.advance(8_000)
  expect(reports).toEqual([])
  for (const free of hold) free()
  await clock.advance(50)
  expect(await slow).toBe('done')
  expect(mirror().views.get(0)).toMatchObject({ names: ['b'] })
  await clock.advance(5_000)
  expect(reports).toEqual(['protocol-version'])
})

it('goes on from what it heard last, and hears of a failure whose code it does not know', async () => {
  const { tab, wire, call, mirror, clock, hub, token } = oldPage({ stateBytes: 2_000 })
  tab.start()
  await clock.settle()
  const first = call('add', 1)
  await clock.settle()
  expect(await first).toBe('done')
  wire.cut()
  await hub.modifyState(token(), d, (s) => void (s.n = 10))
  await wire.connect()
  await clock.settle()
  expect(wire.received.at(-1)?.[0]).toBe('r')
  expect(mirror().views.get(0)).toMatchObject({ n: 10 })
  const large = call('name', 'x'.repeat(5_000))
  await clock.settle()
  expect(await large).toBe('handler-failed')
})

it('is sent a text that grows as it can read it: as a whole', async () => {
  const { tab, wire, call, mirror, clock } = oldPage()
  tab.start()
  await clock.settle()
  for (const words of ['once upon a time ', 'there was a text ', 'that grew and grew']) {
    const said = call('say', words)
    await clock.settle()
    expect(await said).toBe('done')
  }
  expect(mirror().views.get(0)).toMatchObject({ text: 'once upon a time there was a text that grew and grew' })
  expect(JSON.stringify(wire.received.at(-1))).toContain('once upon a time')
})
