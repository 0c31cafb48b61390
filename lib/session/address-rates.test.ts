/** Many pages of one address, each within its own bounds. */
import { expect, it } from 'vitest'
import { crowdLimits } from '../base/crowd-limits.js'
import { processLimits } from '../base/server-limits.js'
import { defineState } from '../doors/authors.js'
import { protocolVersion } from '../protocol/version.js'
import { testHub } from '../testing/kit.js'

const d = defineState('d', () => ({ n: 0, text: '' })).events((on) => ({
  add: on((s) => {
    s.n += 1
  }),
  fill: on((s, length: number) => {
    s.text = 'x'.repeat(length)
  }),
}))

let pages = 0

/** A page that speaks the wire itself. */
async function page({ hub, clock }: ReturnType<typeof testHub>, address: string | undefined) {
  pages += 1
  const said: string[] = []
  const connection = {
    paused: 0,
    address,
    written: 0,
    send: (name: string, ...args: unknown[]) => {
      said.push(name)
      connection.written += JSON.stringify(args).length
    },
    pause: () => void (connection.paused += 1),
    resume: () => void (connection.paused -= 1),
    close: () => {},
  }
  const hello = { version: protocolVersion, page: `${pages}`.padStart(32, '0'), subscriptions: [[0, 'tab', ['d']]] }
  const session = hub.connect(connection, hello, `${pages}`)
  await clock.settle()
  let id = 0
  const call = (member: string, ...args: unknown[]) => session.receive('call', [0, (id += 1), 'd', member, args], 30)
  const welcomes = () => said.filter((name) => name === 'w').length
  return { session, connection, call, welcomes }
}

it('together are put last when they call more than an address does, though none of them is above its rate', async () => {
  const kit = testHub([d])
  const many: Awaited<ReturnType<typeof page>>[] = []
  for (let n = 0; n < 50; n += 1) many.push(await page(kit, '1.1.1.1'))
  const neighbour = await page(kit, '2.2.2.2')
  neighbour.call('add')
  for (let n = 0; n < crowdLimits.addressCallsBurst / 60; n += 1) for (const { call } of many) call('add')
  expect(many.filter(({ connection }) => connection.paused > 0)).toEqual([])
  for (let n = 0; n < crowdLimits.addressCallsBurst / 200; n += 1) for (const { call } of many) call('add')
  expect(many.filter(({ connection }) => connection.paused > 0).length).toBe(50)
  neighbour.call('add')
  expect(neighbour.connection.paused).toBe(0)
  await kit.clock.advance(5_000)
  expect(many.filter(({ connection }) => connection.paused > 0)).toEqual([])
})

it('of an address that is not known are not counted together', async () => {
  const kit = testHub([d])
  const many: Awaited<ReturnType<typeof page>>[] = []
  for (let n = 0; n < 50; n += 1) many.push(await page(kit, undefined))
  ;(await page(kit, undefined)).call('add')
  for (let n = 0; n < crowdLimits.addressCallsBurst / 40; n += 1) for (const { call } of many) call('add')
  expect(many.filter(({ connection }) => connection.paused > 0)).toEqual([])
})

it('wait with the states that they ask for again, once an address has had many bytes of them, and get them', async () => {
  const kit = testHub([d])
  const many: Awaited<ReturnType<typeof page>>[] = []
  for (let n = 0; n < 40; n += 1) many.push(await page(kit, '1.1.1.1'))
  for (const { call } of many) call('fill', 1_000_000)
  await kit.clock.advance(processLimits.resyncLongestMs)
  const neighbour = await page(kit, '2.2.2.2')
  for (const { session } of many) session.receive('resync', [0], 10)
  neighbour.session.receive('resync', [0], 10)
  await kit.clock.advance(100)
  const sum = () => many.reduce((all, { welcomes }) => all + welcomes(), 0) - 40
  expect(sum()).toBeLessThanOrEqual(crowdLimits.addressWelcomesBurst / 1_000_000 + 1)
  expect(sum()).toBeGreaterThan(10)
  expect(neighbour.welcomes()).toBe(2)
  await kit.clock.advance(5_000)
  expect(sum()).toBe(40)
})

it('are forgotten with the last of them', async () => {
  const kit = testHub([d])
  const [one, two] = [await page(kit, '1.1.1.1'), await page(kit, '1.1.1.1')]
  kit.hub.disconnected(one.session)
  expect(kit.hub.fairShare.addressRates.size).toBe(1)
  kit.hub.disconnected(two.session)
  expect(kit.hub.fairShare.addressRates.size).toBe(0)
})
