import { describe, expect, it } from 'vitest'
import type { RunningTask } from '../store/store.js'
import type { RunTable } from './run-table.js'
import { TaskRuns } from './task-runs.js'

const mine: RunningTask = {
  definition: 'd',
  task: 't',
  run: 'r',
  node: 'here',
  attempt: 1,
  durable: { args: [], lost: 0, failed: 0 },
}

it('a run that another process goes on with is still its own once the attempt here has ended', () => {
  const runs = new TaskRuns({ node: 'here', shared: true, isAlive: () => true }, { statusChanged: () => {} })
  runs.saved({ running: [mine], ended: [] }, { added: [mine], removed: new Set() })
  const theirs = { ...mine, node: 'there', attempt: 2 }
  expect(runs.restore({ running: [theirs], ended: [] }, true)).toEqual([mine])
  runs.finishLocal('r', 1, true)
  expect(runs.running()).toEqual([theirs])
  expect(runs.outdated).toBe(false)
  expect(runs.statusOf('d', 't').running).toBe(1)
})

describe('the stored lists', () => {
  it('are up to date after a reload, whatever they say', () => {
    const runs = new TaskRuns({ node: 'here', shared: true, isAlive: () => true }, { statusChanged: () => {} })
    const ended = [
      { definition: 'd', task: 't', outcome: 'failed', failure: { code: 'task-failed', message: '' } },
    ] as const
    for (const stored of [[], [], ended]) {
      runs.restore({ running: [], ended: stored }, true)
      expect(runs.outdated).toBe(false)
    }
    runs.setStatus('d', 't', { ...runs.statusOf('d', 't'), outcome: 'done', error: null })
    expect(runs.outdated).toBe(true)
  })
})

it('a run of another process that dies is counted no more, also while another copy goes on', () => {
  const living = new Set(['here', 'b', 'c'])
  const changed: string[] = []
  const runs = new TaskRuns(
    { node: 'here', shared: true, isAlive: (node) => living.has(node) },
    {
      statusChanged: (id) => void changed.push(id),
    },
  )
  const copies = ['b', 'c'].map((node) => ({ ...mine, run: node, node, durable: undefined }))
  runs.restore({ running: copies, ended: [] }, true)
  living.delete('b')
  changed.length = 0
  expect(runs.recheckLiveness()).toBe(true)
  expect([runs.statusOf('d', 't').running, [...new Set(changed)]]).toEqual([1, ['d']])
})

it('a durable run that this process has lost stays an orphan when another process dies', () => {
  const runs = new TaskRuns({ node: 'here', shared: true, isAlive: () => true }, { statusChanged: () => {} })
  runs.saved({ running: [mine], ended: [] }, { added: [mine], removed: new Set() })
  runs.finishLocal('r', 1, false)
  runs.restore({ running: [{ ...mine }], ended: [] }, true)
  expect(runs.recheckLiveness()).toBe(true)
  expect(runs.orphaned).toEqual([mine])
})

it('a run leaves memory when its end is saved', () => {
  const runs = new TaskRuns({ node: 'here', shared: true, isAlive: () => true }, { statusChanged: () => {} })
  runs.saved({ running: [mine], ended: [] }, { added: [mine], removed: new Set() })
  const known = () => (Reflect.get(runs, 'table') as RunTable).list(() => true).length
  runs.finishLocal('r', 1, true)
  expect(known()).toBe(1)
  runs.saved({ running: runs.running(), ended: runs.endsToStore(), runEnds: runs.lastEnds.with() })
  expect(known()).toBe(0)
})
