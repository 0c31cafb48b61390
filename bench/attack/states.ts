/** The states of the server under attack: what authors write, good and careless. */
import { setTimeout } from 'node:timers/promises'
import { z } from 'zod'
import { defineState } from './library.js'

/** That of the honest tab. */
export const neighbour = defineState('neighbour', () => ({ clicks: 0 })).events((on) => ({
  click: on((s) => {
    s.clicks += 1
  }),
}))

interface Open {
  [name: string]: unknown
}

/** Writes wherever its caller says, fails with what its caller says, waits and computes for as long as its caller says. */
export const target = defineState('target', () => ({
  n: 0,
  grid: [
    [0, 0],
    [0, 0],
  ] as unknown as Record<string, Record<string, unknown>>,
  list: [] as unknown[],
  names: {} as Open,
  when: new Date(0),
  map: new Map<string, unknown>(),
  chunks: [] as string[],
}))
  .tasks((background) => ({
    sleeps: background(async ({ sleep }, ms: number) => sleep(ms)),
    spins: background(async ({ update, signal }) => {
      while (!signal.aborted && (await update((s) => (s.n += 1))));
    }),
  }))
  .events((on) => ({
    add: on((s, by: number) => {
      s.n += by
    }),
    nothing: on(() => {}),
    set: on((s, row: string, column: string, value: unknown) => {
      const held = s.grid[row]
      if (held) held[column] = value
    }),
    put: on((s, name: string, value: unknown) => {
      s.names[name] = value
    }),
    root: on((s, name: string, value: unknown) => {
      ;(s as unknown as Open)[name] = value
    }),
    at: on((s, index: number, value: unknown) => {
      s.list[index] = value
    }),
    /**
     * Follows a path from a field to its last key, and writes there. Not through a text or a number: these lead to their prototypes in any
     * JavaScript, and a handler that does so is its author's.
     */
    along: on((s, path: string[], value: unknown) => {
      let place = s as unknown as Open
      for (const key of path.slice(0, -1)) {
        place = place[key] as Open
        if (typeof place !== 'object' && typeof place !== 'function') return
      }
      place[path.at(-1) as string] = value
    }),
    echo: on((_, text: string) => {
      throw new Error(text)
    }),
    named: on(z.object({ name: z.string().max(20), more: z.record(z.string(), z.number()).optional() }), (s, given) => {
      s.names.given = given.name
    }),
    slow: on(async (s, ms: number) => {
      await setTimeout(Math.min(ms, 60_000))
      s.n += 1
    }),
    never: on(() => new Promise<void>(() => {})),
    compute: on((s, ms: number) => {
      const end = performance.now() + Math.min(ms, 10_000)
      while (performance.now() < end) s.n += 1
    }),
    grow: on((s, characters: number) => {
      s.chunks.push(`${s.chunks.length}`.padEnd(characters, 'x')) // equal texts would travel once
    }),
  }))

const row = (id: number) => ({ id, name: `row ${id} of a list`, done: false })

/** A state whose view has about as many characters as the environment says. */
export const big = defineState('big', () => {
  const characters = Number(process.env.ATTACK_STATE ?? 478_000)
  return { n: 0, rows: Array.from({ length: Math.ceil(characters / 53) }, (_, id) => row(id)) }
}).events((on) => ({
  add: on((s, by: number) => {
    s.n += by
  }),
}))

/** Of values that JSON has words for alone: it travels as JSON. */
export const plain = defineState('plain', () => ({ value: null as unknown })).events((on) => ({
  put: on((s, value: unknown) => {
    s.value = value
  }),
}))

export const states = [neighbour, target, big, plain] as const
