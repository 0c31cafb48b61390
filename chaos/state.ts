/** The state of the chaos test: each call leaves a mark, so that one too many, too few or too early is seen. */
import { setTimeout } from 'node:timers/promises'
import { Refusal } from '../lib/base/refusal.js'
import { defineState } from '../lib/state/define.js'

/** Which process has run an attempt of a job, and for how long it saved steps of it. */
export interface JobStretch {
  readonly attempt: number
  readonly pid: number
  readonly from: number
  last: number
}

/** A durable task as it is kept: how far it came, how often it came to its end, and who brought it there. */
export interface Job {
  at: number
  finished: number
  stretches: JobStretch[]
}

interface Chaos {
  marks: number[]
  ticks: number
  jobs: Record<string, Job>
}

export const chaosState = defineState('chaos', (): Chaos => ({ marks: [], ticks: 0, jobs: {} }))
  .tasks((background) => ({
    tick: background({ concurrency: 'single' }, async ({ update, sleep }, pauseMs: number) => {
      for (;;) {
        await update((s) => {
          s.ticks += 1
        })
        await sleep(pauseMs)
      }
    }),
    /** Goes on from what is saved, whoever runs it; each step is one save. */
    count: background({ durable: true }, async ({ update, sleep, attempt }, job: number, to: number) => {
      for (let more = true; more; ) {
        more = await update((s) => {
          s.jobs[job] ??= { at: 0, finished: 0, stretches: [] }
          const kept = s.jobs[job] as Job
          if (kept.at === to) return false // it had ended, and its process could not say so any more
          kept.at += 1
          if (kept.at === to) kept.finished += 1
          const now = Date.now()
          const { pid } = process
          const stretch = kept.stretches.at(-1)
          if (stretch?.attempt === attempt && stretch.pid === pid) stretch.last = now
          else kept.stretches.push({ attempt, pid, from: now, last: now })
          return true
        })
        await sleep(100)
      }
    }),
  }))
  .events((on, { count }) => ({
    quickly: on((s, mark: number) => {
      s.marks.push(mark)
    }),
    slowly: on(async (s, mark: number, ms?: number) => {
      await setTimeout(ms ?? mark % 30)
      s.marks.push(mark)
    }),
    fails: on((s, mark: number) => {
      s.marks.push(mark)
      throw new Refusal('on purpose')
    }),
    /** Shows its first half before it makes the second. */
    twice: on(async function* (s, mark: number) {
      s.marks.push(mark)
      yield
      await setTimeout(mark % 30)
      s.marks.push(-mark)
    }),
    /** Starts a job with the change that asked for it. */
    begin: on((s, mark: number, to: number) => {
      s.marks.push(mark)
      return count(mark, to)
    }),
  }))

export type ChaosEvent = 'quickly' | 'slowly' | 'fails' | 'twice' | 'begin'
