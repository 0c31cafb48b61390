import { expect, it } from 'vitest'
import type { RunningTask } from '../store/store.js'
import { Runs } from './task-runs.js'

const mine: RunningTask = {
  definition: 'd',
  task: 't',
  run: 'r',
  node: 'here',
  attempt: 1,
  durable: { args: [], lost: 0, failed: 0 },
}

it('a run that another process goes on with is still its own once the attempt here has ended', () => {
  const runs = new Runs({ node: 'here', shared: true, isAlive: () => true }, () => {})
  runs.saved([mine], [], { begun: [mine], over: new Set() })
  const theirs = { ...mine, node: 'there', attempt: 2 }
  expect(runs.restore({ running: [theirs], ended: [] }, true)).toEqual([mine])
  runs.delete('r', 1, true)
  expect(runs.running()).toEqual([theirs])
  expect(runs.outdated).toBe(false)
  expect(runs.statusOf('d', 't').running).toBe(1)
})
