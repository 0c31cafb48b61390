import { expect, it } from 'vitest'
import { defineState } from '../../doors/authors.js'
import { testHub } from '../../testing/kit.js'
import { reportEditedFirstValues } from './edited-first-values.js'

const version = (max: number, more: object = {}) =>
  defineState('d', () => ({ n: 0, max, ...more })).events((on) => ({ add: on((s) => void (s.n += 1)) }))
const lines = ({ log }: ReturnType<typeof testHub>) => log.lines.filter((line) => line.includes('first values'))

async function edited(...versions: ReturnType<typeof version>[]) {
  const [first = version(10), ...rest] = versions
  const kit = testHub([])
  reportEditedFirstValues(kit.hub)
  const load = (d: unknown) => kit.hub.registry.replace([{ source: 'd.state.ts', exports: { d } }])
  load(first)
  await (await kit.open()).watch(first)
  rest.forEach(load)
  return lines(kit)
}

it('says that open tabs keep the values they have when first values were edited', async () => {
  expect(await edited(version(10), version(20))).toEqual([
    'info: The first values of state "d" have changed (max). Open tabs keep the values that they have; open a new tab to see the new ones.',
  ])
})

it('says nothing of an edit that leaves first values as they were, or adds a field', async () => {
  expect(await edited(version(10), version(10), version(10, { fresh: 1 }), version(10))).toEqual([])
})

it('says nothing of values that depend on chance, and so differ in each tab', async () => {
  const random = () => defineState('d', () => ({ n: Math.random() })) as never
  expect(await edited(random(), random())).toEqual([])
})

it('says nothing while no tab is open', () => {
  const kit = testHub([])
  reportEditedFirstValues(kit.hub)
  for (const d of [version(10), version(20)]) kit.hub.registry.replace([{ source: 'd.state.ts', exports: { d } }])
  expect(lines(kit)).toEqual([])
})
