/** What a page watches that nobody has declared. */
import { expect, it } from 'vitest'
import { crowdLimits } from '../base/crowd-limits.js'
import { defineState } from '../doors/authors.js'
import { protocolVersion } from '../protocol/version.js'
import { endsIn } from '../testing/ends.fixture.js'
import { testHub } from '../testing/kit.js'

const d = defineState('d', () => ({ n: 0 }))

async function page(watch: readonly string[]) {
  const { hub, clock } = testHub([d])
  const said: unknown[][] = []
  const connection = { send: (name: string, ...args: unknown[]) => void said.push([name, ...args]), close: () => {} }
  const session = hub.connect(
    connection,
    { version: protocolVersion, page: 'a'.repeat(32), subscriptions: [[0, 'tab', watch]] },
    'b',
  )
  await clock.settle()
  return { session, clock, said }
}

const unknown = (count: number) => Array.from({ length: count }, (_, n) => `unknown ${n}`)

it('is told as a failure each, as long as it can be that of an older version', async () => {
  const { session, said } = await page([...unknown(crowdLimits.unknownStates), 'd'])
  expect(said.filter(([name]) => name === 'f')).toHaveLength(crowdLimits.unknownStates)
  expect([session.phase, said.at(-1)?.[0]]).toEqual(['open', 'w'])
})

it('ends the connection where the hello names more than that, and is not told of the rest', async () => {
  const { session, said } = await page(unknown(1_000))
  expect(session.phase).toBe('closed')
  expect(said.at(-1)?.slice(0, 2)).toEqual(['bye', 'too-many-states'])
  expect(said.length).toBeLessThan(crowdLimits.unknownStates + 3)
})

it('is refused beyond that, message by message, and declared states are not', async () => {
  const { session, clock, said } = await page([])
  for (const [at, id] of unknown(crowdLimits.unknownStates + 5).entries()) session.receive('watch', [0, at, id])
  session.receive('watch', [0, 1_000, 'd'])
  await clock.settle()
  const settled = said.flatMap(endsIn)
  expect(settled.filter(([, code]) => code === 'too-many-states')).toHaveLength(4)
  expect(settled.at(-1)).toEqual([1_000])
})
