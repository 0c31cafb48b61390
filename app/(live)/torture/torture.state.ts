/**
 * Counts the clicks of a tab so that neither side can cheat: the page numbers its clicks from 1, and the state remembers which
 * numbers have come. Two jobs count beside it, one that outlives its process and one that does not.
 */
import { defineState, Refusal, reply } from 'heldstate'
import { z } from 'zod'
import { jobSteps } from './job-steps'
import { hurt, serving } from './process'

const stepMs = 200
/** An honest page skips the numbers of clicks that it refused itself: no more than these. */
const mostMissing = 1_000

interface Job {
  readonly done: number
  /** Counts from 1; a job that goes on after the end of its process is at its next. */
  readonly attempt: number
  readonly pid: number
}

const waiting: Job = { done: 0, attempt: 0, pid: 0 }

export const torture = defineState('torture', () => ({
  /** How many different clicks have come. */
  applied: 0,
  /** The largest number that has come. */
  highest: 0,
  /** How many clicks came a second time. */
  twice: 0,
  /** How many numbers below the largest have not come. */
  missed: 0,
  text: '',
  durable: waiting,
  fragile: waiting,
}))
  .private(() => ({ missing: new Set<number>() }))
  .tasks((background) => ({
    countDurable: background({ concurrency: 'single', durable: true }, async ({ update, sleep, attempt }) => {
      await update((s) => {
        s.durable = { ...s.durable, attempt, pid: process.pid }
      })
      const step = () =>
        update((s) => {
          if (s.durable.done >= jobSteps) return false
          s.durable = { ...s.durable, done: s.durable.done + 1 }
          return true
        })
      while (await step()) await sleep(stepMs)
    }),
    countFragile: background({ concurrency: 'single' }, async ({ update, sleep }) => {
      for (let done = 0; done <= jobSteps; done += 1) {
        await update((s) => {
          s.fragile = { done, attempt: 1, pid: process.pid }
        })
        await sleep(stepMs)
      }
    }),
  }))
  .events((on, { countDurable, countFragile }) => ({
    click: on({ input: z.number().int().positive(), optimistic: (s) => void (s.applied += 1) }, (s, number) => {
      const late = s.missing.delete(number)
      if (number <= s.highest && !late) {
        s.twice += 1
        return
      }
      if (s.missing.size + number - s.highest > mostMissing) throw new Refusal('These clicks skip too many numbers.')
      for (let between = s.highest + 1; between < number; between += 1) s.missing.add(between)
      s.highest = Math.max(s.highest, number)
      s.missed = s.missing.size
      s.applied += 1
    }),
    setText: on(z.string().max(200), (s, text) => {
      s.text = text
    }),
    startDurable: on((s) => {
      s.durable = { ...waiting, attempt: 1 }
      return countDurable()
    }),
    startFragile: on((s) => {
      s.fragile = waiting
      return countFragile()
    }),
    startJobs: on((s) => {
      s.durable = { ...waiting, attempt: 1 }
      s.fragile = waiting
      return [countDurable(), countFragile()]
    }),
    /** Which process serves this page. */
    look: on({ whenOffline: 'reject' }, () => reply(serving())),
    hurt: on({ input: z.enum(['kill', 'freeze', 'rollOut']), whenOffline: 'reject' }, (_, blow) => hurt(blow)),
  }))
