/** The state of the chaos test: each call leaves a mark, so that one too many, too few or too early is seen. */
import { setTimeout } from 'node:timers/promises'
import { defineState } from '../state/define.js'

export const chaosState = defineState('chaos', () => ({ marks: [] as number[], ticks: 0 }))
  .tasks((background) => ({
    tick: background({ concurrency: 'single' }, async ({ update, sleep }) => {
      for (;;) {
        await update((s) => {
          s.ticks += 1
        })
        await sleep(20)
      }
    }),
  }))
  .events((on) => ({
    quickly: on((s, mark: number) => {
      s.marks.push(mark)
    }),
    slowly: on(async (s, mark: number) => {
      await setTimeout(mark % 30)
      s.marks.push(mark)
    }),
    fails: on((s, mark: number) => {
      s.marks.push(mark)
      throw new Error('on purpose')
    }),
    /** Shows its first half before it makes the second. */
    twice: on(async function* (s, mark: number) {
      s.marks.push(mark)
      yield
      await setTimeout(mark % 30)
      s.marks.push(-mark)
    }),
  }))

export type ChaosEvent = 'quickly' | 'slowly' | 'fails' | 'twice'
