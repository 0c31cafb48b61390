import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineState } from '../doors/authors.js'
import { done, gate } from '../testing/await.fixture.js'
import { testHub } from '../testing/kit.js'

/** The state module as it is after an edit that makes the tasks write `mark`. */
const version = (mark: string, options: { restartOnEdit?: boolean } = { restartOnEdit: true }) =>
  defineState('d', () => ({ marks: [] as string[] }))
    .tasks((background) => ({
      tick: background({ concurrency: 'single', ...options }, async ({ update, sleep }, name: string) => {
        for (;;) {
          await update((s) => void s.marks.push(`${mark} ${name}`))
          await sleep(100)
        }
      }),
      once: background(async ({ update, sleep }) => {
        await sleep(100)
        await update((s) => void s.marks.push(`${mark} once`))
      }),
      length: background(
        { input: z.string().transform((text) => text.length), ...options },
        async ({ update, sleep }, length) => {
          await update((s) => void s.marks.push(`${mark} ${length}`))
          await sleep(100)
        },
      ),
    }))
    .events((on) => ({ clear: on((s) => void (s.marks = [])) }))

async function open(first = version('old')) {
  const kit = testHub([first])
  const tab = await kit.open()
  const edit = async (next: object, again = false) => {
    kit.hub.registry.replace([{ source: 'd.state.ts', exports: { d: next } }], again)
    await kit.clock.settle()
  }
  return { ...kit, tab, view: await tab.watch(first), edit, d: () => tab.state(first) }
}

describe('an edit of the module of a running task', () => {
  it('lets it run to its end with the code that it began with, and says so in the log', async () => {
    const { clock, view, edit, d, log } = await open()
    await done(clock, view.once.start())
    await done(clock, view.once.start())
    await edit(version('new'))
    expect(log.lines).toEqual([
      expect.stringContaining('Task "once" of state "d" goes on with its code from before the edit, in 1 tab. Stop it'),
    ])
    await clock.advance(150)
    expect(d().marks).toEqual(['old once', 'old once'])
  })

  it('starts it again with the same arguments if its author says so; the old one writes no more', async () => {
    const { clock, hub, view, edit, d } = await open()
    await done(clock, view.tick.start('a'))
    await edit(version('new'))
    await clock.advance(110)
    expect(d().marks).toEqual(['old a', 'new a', 'new a'])
    expect([d().tick.running, d().tick.error, hub.backgroundTasks.size]).toEqual([1, null, 1])
  })

  it('gives the arguments to the schema again as they came', async () => {
    const { clock, view, edit, d } = await open()
    await done(clock, view.length.start('four'))
    await edit(version('new'))
    await clock.advance(20)
    expect(d().marks).toEqual(['old 4', 'new 4'])
  })

  it('counts as the new code says, which may be the first to say so', async () => {
    const { clock, view, edit, d } = await open(version('old', {}))
    await done(clock, view.tick.start('a'))
    await edit(version('new'))
    await clock.advance(20)
    expect(d().marks).toEqual(['old a', 'new a'])
    await edit(version('newest', { restartOnEdit: false }))
    await clock.advance(100)
    expect(d().marks).toEqual(['old a', 'new a', 'new a'])
  })

  it('in the middle of another one starts it once, with the newest code', async () => {
    const held = gate()
    const stuck = defineState('d', () => ({ marks: [] as string[] })).tasks((background) => ({
      length: background({ restartOnEdit: true }, (_self, _text: string) => held.opened),
    }))
    const { clock, tab, edit } = await open(stuck as never)
    await done(clock, tab.state(stuck).length.start('four'))
    await edit(version('new'))
    await edit(version('newest'))
    held.open()
    await clock.advance(20)
    expect(tab.state(stuck).marks).toEqual(['newest 4'])
  })

  it('is none where a bundler has only evaluated the module again', async () => {
    const { clock, view, edit, d } = await open()
    await done(clock, view.tick.start('a'))
    await edit(version('old'), true)
    await clock.advance(20)
    expect(d().marks).toEqual(['old a'])
    const other = version('old').events((on) => ({ more: on(() => {}) }))
    await edit(other, true)
    await clock.advance(20)
    expect(d().marks).toEqual(['old a', 'old a'])
  })

  it('of another state leaves it alone, and so does one after it has ended', async () => {
    const { clock, view, edit, hub, d } = await open()
    await done(clock, view.length.start('four'))
    await clock.advance(150)
    await edit(version('new'))
    await clock.advance(20)
    expect([d().marks, hub.backgroundTasks.size]).toEqual([['old 4'], 0])
  })
})

it('only true and false can be said', () => {
  expect(() => version('x', { restartOnEdit: 'yes' as never })).toThrow(
    'background({ restartOnEdit: "yes" }): expected true or false',
  )
})
