/** What a page may ask of the ends of runs, by hand: as often as it likes, and without reading. */
import { expect, it } from 'vitest'
import { handlerLimits } from '../base/server-limits.js'
import { defineState, type Json, reply } from '../doors/authors.js'
import { protocolVersion } from '../protocol/version.js'
import { testHub } from '../testing/kit.js'
import { Loopback } from '../testing/loopback.js'

const d = defineState('d', () => ({ n: 0 })).tasks((background) => ({
  large: background(async ({ sleep }, ms: number) => {
    await sleep(ms)
    return reply('x'.repeat(16_000))
  }),
  fails: background(async () => reply(() => {}) as never),
}))

async function open(limits = {}) {
  const { hub, clock } = testHub([d], { limits })
  const wire = new Loopback(hub, clock, 'browser')
  const settled: (readonly Json[])[] = []
  wire.start({
    hello: async () => ({ version: protocolVersion, page: 'a'.repeat(32), subscriptions: [[0, 'tab', ['d']]] }),
    message: (name, args) => {
      if (name !== 'd') return
      for (const change of args as unknown[][]) settled.push(...((change[4] ?? []) as (readonly Json[])[]))
    },
    closed: () => {},
  })
  await clock.settle()
  const ends = () => settled.map(([id, code]) => (code === undefined || code === 0 ? id : [id, code]))
  return { wire, clock, settled, ends }
}

it('a wait names the call that has started the run, and is answered after it', async () => {
  const { wire, clock, settled } = await open()
  wire.send('batch', [
    ['call', 0, 1, 'd', 'large', [100]],
    ['wait', 0, 2, 'd', 'large', 1],
    ['call', 0, 3, 'd', 'fails'],
    ['wait', 0, 4, 'd', 'fails', 3],
    ['wait', 0, 5, 'd', 'large', 3],
    ['wait', 0, 6, 'd', 'large', 7],
  ])
  await clock.advance(50)
  const run = settled.find(([id]) => id === 1)?.[2]
  expect(run).toMatch(/^[0-9a-f]{32}$/)
  expect(settled.filter(([id]) => id !== 1 && id !== 3).map(([id, code]) => [id, code])).toEqual([
    [5, 'unknown-run'],
    [6, 'unknown-run'],
    [4, 'invalid-value'],
  ])
  await clock.advance(100)
  expect(settled.at(-1)).toEqual([2, 0, 'x'.repeat(16_000)])
  wire.send('wait', 0, 8, 'd', 'large', run as string)
  await clock.advance(20)
  expect(settled.at(-1)).toEqual([8, 0, 'x'.repeat(16_000)])
})

it('waits for the same run, and all together, are bounded', async () => {
  const { wire, clock, ends } = await open({ callsPerTab: 30 })
  wire.send('call', 0, 1, 'd', 'large', [1_000])
  wire.send('call', 0, 2, 'd', 'large', [1_000])
  await clock.advance(20)
  for (let id = 3; id < 50; id += 1) wire.send('wait', 0, id, 'd', 'large', id < 30 ? 1 : 2)
  await clock.advance(50)
  const refused = ends().filter((end) => Array.isArray(end))
  expect(refused).toHaveLength(47 - 30)
  expect(refused[0]).toEqual([3 + handlerLimits.waitsOfRun, 'inbox-full'])
  await clock.advance(1_000)
  expect(ends()).toHaveLength(2 + 47)
})

it('a page that does not read gets the results once it does, as far as they are remembered', async () => {
  const { wire, clock, settled } = await open({ unreadBytes: 20_000 })
  for (let id = 1; id <= 20; id += 1) {
    wire.send('call', 0, id, 'd', 'large', [id <= 10 ? 200 : 500])
    wire.send('wait', 0, 100 + id, 'd', 'large', id)
  }
  await clock.advance(100)
  expect(settled).toHaveLength(20)
  wire.stall()
  await clock.advance(1_000)
  wire.read()
  await clock.advance(100)
  expect(settled).toHaveLength(40)
  const ends = settled.slice(20).map(([, code]) => code)
  const kept = Math.floor(handlerLimits.rememberedResults / 16_002)
  expect(ends.filter((code) => code === 0).length).toBeGreaterThanOrEqual(kept)
  expect(ends.filter((code) => code === 'unknown-run').length).toBeGreaterThan(5)
  expect(ends.every((code) => code === 0 || code === 'unknown-run')).toBe(true)
  wire.send('call', 0, 21, 'd', 'large', [10])
  wire.send('wait', 0, 121, 'd', 'large', 21)
  await clock.advance(100)
  expect(settled.at(-1)?.[1]).toBe(0)
})
