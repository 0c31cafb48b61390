import { expect, it } from 'vitest'
import { chaos } from './chaos.js'

it('loses and repeats nothing when its server is killed again and again; npm run chaos does it 200 times', async () => {
  const { faults, ends, interruptedTasks } = await chaos({ kills: 5, tabs: 10, seed: 1 })
  expect(faults).toEqual([])
  expect(ends.waiting).toBeUndefined()
  expect(ends.done).toBeGreaterThan(100)
  expect(interruptedTasks).toBeGreaterThan(2)
}, 90_000)
