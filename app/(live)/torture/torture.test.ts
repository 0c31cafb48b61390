import { testHub } from 'heldstate/testing'
import { expect, it } from 'vitest'
import { torture } from './torture.state'

async function clicked(...numbers: number[]) {
  const { open, done } = testHub([torture])
  const tab = await open()
  const { click } = await tab.watch(torture)
  const codes: string[] = []
  for (const number of numbers) await done(click(number)).catch((error) => codes.push(error.message))
  const { applied, highest, twice, missed } = tab.state(torture)
  return { applied, highest, twice, missed, codes }
}

it('counts each number once, and knows which have not come', async () => {
  expect(await clicked(1, 2, 3)).toMatchObject({ applied: 3, highest: 3, twice: 0, missed: 0 })
  expect(await clicked(1, 2, 2, 1)).toMatchObject({ applied: 2, highest: 2, twice: 2, missed: 0 })
  expect(await clicked(1, 4, 3)).toMatchObject({ applied: 3, highest: 4, twice: 0, missed: 1 })
  expect(await clicked(1, 4, 3, 3)).toMatchObject({ applied: 3, highest: 4, twice: 1, missed: 1 })
})

it('remembers a bounded count of numbers that a page has skipped', async () => {
  const { missed, codes } = await clicked(900, 1_800, 1_801)
  expect(missed).toBe(899)
  expect(codes).toEqual(Array(2).fill('These clicks skip too many numbers.'))
  expect(await clicked(-1, 0.5)).toMatchObject({ applied: 0 })
})
