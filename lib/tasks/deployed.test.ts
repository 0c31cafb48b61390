/** A durable task that goes on in a process whose code is another one. */
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineState, Refusal } from '../doors/authors.js'
import { memoryStore } from '../store/memory.js'
import { done } from '../testing/await.fixture.js'
import { testHub } from '../testing/kit.js'

const state = (input: z.ZodType, concurrency: 'many' | 'queue' = 'many', retry = 0) =>
  defineState('d', () => ({ given: [] as unknown[] }))
    .tasks((background) => ({
      job: background({ durable: true, input, concurrency, retry }, async ({ update, sleep }, given) => {
        await update((s) => void s.given.push(structuredClone(given)))
        await sleep(1_000)
      }),
    }))
    .events((on, { job }) => ({ begin: on((_, given: unknown) => job(given as never)) }))

async function deployed(before: ReturnType<typeof state>, after: ReturnType<typeof state>, ...args: unknown[]) {
  const store = memoryStore()
  const old = testHub([before], { store })
  const { clock } = old
  const tab = await old.open()
  const { job } = await tab.watch(before)
  for (const arg of args) await done(clock, job.start(arg as never))
  const closing = old.hub.close()
  await clock.advance(10)
  await closing
  const next = testHub([after], { store }, clock)
  tab.rewire(next.hub, clock)
  await tab.reconnect()
  await clock.advance(10)
  return { ...next, clock, tab, store, now: () => tab.state(after) }
}

const old = state(z.object({ name: z.string() }))

describe('arguments that were saved before a deploy', () => {
  it('are refused by name if the schema does not take them any more; the task fails once and is not tried again', async () => {
    const { clock, now, log, hub, store, tab } = await deployed(
      old,
      state(z.object({ name: z.string(), list: z.array(z.string()) }), 'many', 3),
      { name: 'a' },
    )
    expect(now().job).toMatchObject({ running: 0, outcome: 'failed', error: { code: 'invalid-arguments' } })
    expect(now().job.error?.message).toMatch(/^list: /)
    expect(log.lines).toHaveLength(1)
    expect(log.lines[0]).toMatch(/Task "job" of state "d" cannot resume.*list: /)
    await clock.advance(600_000)
    expect(log.lines).toHaveLength(1)
    expect([hub.backgroundTasks.size, now().given]).toEqual([0, [{ name: 'a' }]])
    expect((await store.read(tab.token))?.running).toEqual([])
    hub.tasks.adopt(tab.token)
    await clock.advance(10)
    expect(now().given).toHaveLength(1)
  })

  it('are what the schema makes of them now', async () => {
    const { now } = await deployed(
      state(z.object({ day: z.string().transform((text) => text.length) }) as never),
      state(z.object({ day: z.coerce.date(), kind: z.string().default('new') }) as never),
      { day: '2026-01-01' },
    )
    expect(now().given).toEqual([{ day: 10 }, { day: new Date('2026-01-01'), kind: 'new' }])
    expect(now().job).toMatchObject({ running: 1, error: null })
  })

  it('are waited for, where the schema takes its time', async () => {
    const slow = z.object({ name: z.string().refine(async (name) => name === 'b') })
    const { now } = await deployed(old, state(slow), { name: 'a' }, { name: 'b' })
    expect(now().job).toMatchObject({ running: 1, outcome: 'failed', error: { code: 'invalid-arguments' } })
    expect(now().given.at(-1)).toEqual({ name: 'b' })
  })

  it('of a schema that throws are a failure of the task as any other, and hold up nobody', async () => {
    const broken = z.object({ name: z.string() }).transform((given) => {
      if (given.name === 'a') throw new Refusal('This name is gone.')
      throw new TypeError('secret')
    })
    const { now, log, clock } = await deployed(old, state(broken), { name: 'a' })
    expect(now().job).toMatchObject({ running: 0, error: { code: 'task-failed', message: 'This name is gone.' } })
    await clock.advance(10_000)
    expect(log.lines).toHaveLength(1)
    const other = await deployed(old, state(broken), { name: 'b' })
    expect(other.now().job.error?.message).toMatch(/reference/)
  })

  it('of starts that wait are validated as well, and the queue goes on', async () => {
    const next = z.object({ name: z.enum(['a', 'c']) })
    const { now, clock } = await deployed(
      state(z.object({ name: z.string() }), 'queue'),
      state(next as never, 'queue'),
      { name: 'a' },
      { name: 'b' },
      { name: 'c' },
    )
    expect(now().job).toMatchObject({ running: 1, waiting: 1, error: { code: 'invalid-arguments' } })
    await clock.advance(3_000)
    expect(now().given).toEqual([{ name: 'a' }, { name: 'a' }, { name: 'c' }])
  })
})
