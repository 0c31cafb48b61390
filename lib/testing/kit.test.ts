/** What the kit offers to tests of state modules, seen as their author sees it. */
import { describe, expect, it } from 'vitest'
import { modifyState } from '../next/state.js'
import { defineState } from '../state/define.js'
import { testHub } from './kit.js'

const counter = defineState('counter', () => ({ n: 0 }))
  .tasks((background) => ({
    count: background(async ({ update, sleep }, to: number) => {
      while ((await update((s) => (s.n += 1))) < to) await sleep(1_000)
    }),
  }))
  .events((on) => ({
    add: on((s, by: number) => {
      s.n += by
    }),
  }))

describe('the kit', () => {
  it('calls an event and waits for it', async () => {
    const { open, done } = testHub([counter])
    const tab = await open()
    const { add } = await tab.watch(counter)
    await done(add(2))
    expect(tab.state(counter).n).toBe(2)
  })

  it('is the hub of modifyState', async () => {
    const { open, done, clock } = testHub([counter])
    const tab = await open()
    await tab.watch(counter)
    await done(modifyState(tab.token, counter, (s) => void (s.n = 7)))
    await clock.advance(16) // it answers no call of the tab, so it comes with the next frame
    expect(tab.state(counter).n).toBe(7)
  })

  it('watches a task while its clock is advanced', async () => {
    const { open, done, clock } = testHub([counter])
    const tab = await open()
    await done((await tab.watch(counter)).count.start(3))
    expect(tab.state(counter)).toMatchObject({ n: 1, count: { running: 1 } })
    await clock.advance(2_000)
    expect(tab.state(counter)).toMatchObject({ n: 3, count: { running: 0 } })
  })

  it('sends a call of a dropped tab when it is back', async () => {
    const { open } = testHub([counter])
    const tab = await open()
    const { add } = await tab.watch(counter)
    tab.drop()
    const added = add(1)
    expect(tab.connection).toBe('reconnecting')
    await tab.reconnect()
    await added
    expect(tab.state(counter).n).toBe(1)
  })

  it('crashes: what was saved is there, and the task is interrupted', async () => {
    const kit = testHub([counter])
    const { open, done, clock, crash } = kit
    const tab = await open()
    await done((await tab.watch(counter)).count.start(9))
    await clock.advance(1_000)
    const before = kit.hub
    crash()
    expect(kit.hub).not.toBe(before)
    expect(tab.connection).toBe('reconnecting')
    await tab.reconnect()
    await clock.advance(60_000)
    expect(tab.state(counter)).toMatchObject({ n: 2, count: { running: 0, error: { code: 'interrupted' } } })
  })

  it('keeps a call that a crash overtook, and runs it once', async () => {
    const { open, done, crash } = testHub([counter])
    const tab = await open()
    const { add } = await tab.watch(counter)
    const added = add(5)
    crash()
    await tab.reconnect()
    await done(added)
    expect(tab.state(counter).n).toBe(5)
  })
})
