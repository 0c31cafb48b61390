import { expect, it } from 'vitest'
import { fuzzSocket } from './socket-fuzz.fixture.js'
import { fuzzHub } from './wire-fuzz.fixture.js'

it('thousands of malformed messages get typed answers; npm run fuzz sends hundreds of thousands', async () => {
  const { faults, messages, ends } = await fuzzHub({ seed: 1, messages: 4_000 })
  expect(faults).toEqual([])
  expect(messages).toBeGreaterThanOrEqual(4_000)
  expect(ends.done).toBeGreaterThan(400)
}, 60_000)

it('malformed packets over real sockets harm nobody', async () => {
  const { faults, messages, ends } = await fuzzSocket({ seed: 1, messages: 12_000 })
  expect(faults).toEqual([])
  expect(messages).toBeGreaterThanOrEqual(12_000)
  expect(ends.done).toBeGreaterThan(500)
}, 60_000)
