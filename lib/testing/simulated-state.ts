/** The state of the simulation: a journal in which each call leaves a mark, so that one too many or too few is seen. */
import { defineState } from '../state/define.js'
import { reply } from '../state/reply.js'
import type { TestClock } from './clock.js'

export interface Journal {
  readonly marks: readonly number[]
  readonly counts: ReadonlyMap<number, number>
  /** Of durable tasks: how often each began. */
  readonly attempts: ReadonlyMap<number, number>
  /** Of tasks that reply: their runs. */
  readonly told: ReadonlyMap<number, string>
}

/** The clock of the simulation that runs; handlers wait by it. */
export const simulatedClock: { now: TestClock | undefined } = { now: undefined }

const pause = (ms: number) => new Promise<void>((resolve) => void simulatedClock.now?.after(ms, resolve))

/** Increments that a task makes. */
export const rounds = 5

/** Leaves a mark. */
function put(s: { marks: number[]; said: string }, mark: number): void {
  s.marks.push(mark)
  s.said += `${mark},`
}

export const journal = defineState('journal', () => ({
  marks: [] as number[],
  /** The same as a text, which grows: a page is sent what is new of it. */
  said: '',
  counts: new Map<number, number>(),
  attempts: new Map<number, number>(),
  /** Of tasks that reply: the id of their run. */
  told: new Map<number, string>(),
  /** Marks of the task of which one runs at a time: the one that is at work, and how often another was. */
  atWork: undefined as number | undefined,
  overlaps: 0,
  /** In the order in which they began. */
  begun: [] as number[],
  todo: 0,
}))
  .private(() => ({ secret: 0 }))
  .computed({ count: (s) => s.marks.length })
  .tasks((background) => ({
    work: background(async ({ update, sleep }, mark: number) => {
      for (let round = 0; round < rounds; round += 1) {
        const count = (counts: Map<number, number>) => void counts.set(mark, (counts.get(mark) ?? 0) + 1)
        if (round % 2 === 0) await update((s) => count(s.counts))
        else await update((s) => pause(15).then(() => count(s.counts))) // others wait for the lock
        await sleep(20)
      }
    }),
    sure: background(
      { durable: true, retry: { times: 100, wait: 30 } },
      async ({ update, sleep, attempt }, mark: number) => {
        await update((s) => void s.attempts.set(mark, attempt))
        const count = (counts: Map<number, number>) => {
          const made = counts.get(mark) ?? 0
          if (made < rounds) counts.set(mark, made + 1)
          return made < rounds
        }
        while (await update((s) => count(s.counts))) await sleep(20)
      },
    ),
  }))
  .tasks((background) => ({
    tell: background(
      { durable: true, retry: { times: 100, wait: 30 } },
      async ({ update, sleep, run }, mark: number) => {
        await update((s) => void s.told.set(mark, run))
        await sleep(20)
        return reply({ mark, run })
      },
    ),
    line: background(
      { durable: true, concurrency: 'queue', retry: { times: 100, wait: 30 } },
      async ({ update, sleep, attempt }, mark: number) => {
        await update((s) => {
          s.attempts.set(mark, attempt)
          if (s.atWork !== undefined && s.atWork !== mark) s.overlaps += 1
          s.atWork = mark
          if (!s.begun.includes(mark)) s.begun.push(mark)
        })
        const count = (s: { counts: Map<number, number>; atWork: number | undefined }) => {
          const made = (s.counts.get(mark) ?? 0) + 1
          s.counts.set(mark, Math.min(made, rounds))
          if (made >= rounds) s.atWork = undefined
          return made < rounds
        }
        while (await update(count)) await sleep(20)
      },
    ),
    drain: background(
      { durable: true, concurrency: 'single', retry: { times: 100, wait: 30 } },
      async ({ update, sleep }) => {
        while (await update((s) => s.todo > 0 && s.todo--)) await sleep(5)
      },
    ),
  }))
  .events((on, { sure, line, drain }) => ({
    inLine: on((s, mark: number) => {
      put(s, mark)
      return line(mark)
    }),
    more: on((s, mark: number) => {
      put(s, mark)
      s.todo += 1
      return drain()
    }),
    mark: on((s, mark: number) => {
      put(s, mark)
    }),
    answer: on(async (s, mark: number) => {
      put(s, mark)
      if (mark % 2 === 0) await pause(10)
      return reply(mark)
    }),
    slowly: on(async (s, mark: number) => {
      await pause(30)
      put(s, mark)
    }),
    fail: on((s, mark: number) => {
      put(s, mark)
      throw new Error('on purpose')
    }),
    twice: on(async function* (s, mark: number) {
      put(s, mark)
      yield
      await pause(30)
      put(s, -mark)
    }),
    hope: on({ optimistic: true }, (s, mark: number) => {
      put(s, mark)
    }),
    doubt: on({ optimistic: (s, mark: number) => void put(s, mark) }, async (s, mark: number) => {
      await pause(20)
      if (mark % 2 === 0) throw new Error('on purpose')
      put(s, mark)
    }),
    surely: on((s, mark: number) => {
      put(s, mark)
      return sure(mark)
    }),
    secretly: on((s) => {
      s.secret += 1
    }),
  }))

/** Of what must be the same in two journals. */
export const text = ({ marks, counts }: { readonly marks: readonly number[]; readonly counts?: unknown }) =>
  `${marks}${counts instanceof Map ? ` ${[...counts].map((pair) => pair.join(':'))}` : ''}`
