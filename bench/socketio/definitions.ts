/** What the processes of the benchmarks share: the states, and what the server is asked. */
import { defineState } from 'heldstate'

/** Resolves in the next turn of the event loop. */
export const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

export type Side = 'bare' | 'held'
export const sides: readonly Side[] = ['bare', 'held']

/** A change of each connected tab, so many times, with a pause after each; without one, the next comes in the next turn. */
export interface Push {
  readonly side: Side
  readonly turns: number
  readonly pauseMs: number
}

export const benchSecret = 'of the bench, which keeps no secret'

export const bench = defineState('bench', () => ({ counter: 0, text: '' }))
  .tasks((background) => ({
    rest: background(({ sleep }) => sleep(600_000)),
    count: background(async (self, rounds: number, changes: number) => {
      for (let round = 0; round < rounds; round += 1) {
        for (let change = 0; change < changes; change += 1)
          await self.update((s) => {
            s.counter += 1
          })
        await turn()
      }
    }),
  }))
  .events((on) => ({
    add: on((s, by: number) => {
      s.counter += by
    }),
  }))

export const rows = (count: number) =>
  Array.from({ length: count }, (_, id) => ({ id, name: `row ${id}`, done: false }))

export const list = defineState('list', () => ({ counter: 0, rows: rows(10_000) })).events((on) => ({
  add: on((s, by: number) => {
    s.counter += by
  }),
  change: on((s, index: number, name: string) => {
    const row = s.rows[index]
    if (row) row.name = name
  }),
  remove: on((s, index: number) => {
    s.rows.splice(index, 1)
  }),
}))

/** What is shown of it. */
export interface List {
  readonly rows: readonly { readonly name: string }[]
}

/** Whether the row in the middle has this name, among all others. */
export const hasRow = ({ rows }: List, name: string): boolean => rows.length === 10_000 && rows[5_000]?.name === name
