import { expect, it } from 'vitest'
import { promised } from '../base/eventually.js'
import { defineState } from '../doors/authors.js'
import { memoryStore } from '../doors/server.js'
import { testHub } from '../testing/kit.js'
import { shownOf } from './mirror.js'

const d = defineState('d', () => ({ n: 0 }))
  .tasks((background) => ({
    tick: background(async ({ sleep }) => sleep(1_000_000)),
    other: background(async () => {}),
  }))
  .events((on) => ({ add: on((s) => void (s.n += 1)), addTen: on((s) => void (s.n += 10)) }))

/** A tab whose clicks are kept, and a store that can lose them. */
async function open() {
  const memory = new Map()
  const kit = testHub([d], { store: memoryStore(memory) })
  const tab = await kit.open()
  await tab.watch(d)
  const click = () => kit.done(tab.state(d).add())
  const mirror = () => shownOf(tab.tab.mirror.getState())
  /** The server restarts, and has lost all that was kept, or `more` is there. */
  const lose = async (more = 0) => {
    const { token } = tab
    kit.crash()
    memory.clear()
    for (let n = 0; n < more; n += 1)
      await kit.done(promised(() => kit.hub.call({ token, definition: 'd', member: 'addTen', args: [] })))
    await tab.reconnect()
  }
  return { ...kit, tab, click, mirror, lose, memory }
}

it('a state that the server does not have any more is shown as lost, until a call of the page has changed the new one', async () => {
  const { tab, click, mirror, lose } = await open()
  await click()
  expect(mirror().lost).toBe(false)
  await lose()
  expect([tab.state(d).n, mirror().lost]).toEqual([0, true])
  await click()
  expect([tab.state(d).n, mirror().lost]).toEqual([1, false])
})

it('so is one that was lost and has grown past what the page knew', async () => {
  const { tab, click, mirror, lose } = await open()
  for (let n = 0; n < 3; n += 1) await click()
  await lose(5)
  expect([tab.revision, tab.state(d).n, mirror().lost]).toEqual([5, 50, true])
})

it('also where it was saved for the first time by server code', async () => {
  const { tab, mirror, lose, hub, done, clock } = await open()
  await done(hub.modifyState(tab.token, d, (s) => void (s.n = 1)))
  await clock.advance(50)
  expect(tab.state(d).n).toBe(1)
  await lose(3)
  expect(mirror().lost).toBe(true)
})

it('a task that ran is shown as interrupted, and one that did not as it is', async () => {
  const { tab, click, lose, done } = await open()
  await click()
  await done(tab.state(d).tick.start())
  expect(tab.state(d).tick.running).toBe(1)
  await lose()
  expect(tab.state(d).tick).toMatchObject({ running: 0, outcome: 'failed', error: { code: 'interrupted' } })
  expect(tab.state(d).other).toMatchObject({ running: 0, outcome: null, error: null })
  await done(tab.state(d).tick.start())
  expect(tab.state(d).tick).toMatchObject({ running: 1, error: null })
})

it('nothing is lost over a lost connection, a crash, a page that had changed nothing, and a change from elsewhere', async () => {
  const { tab, click, mirror, crash, open: another } = await open()
  tab.drop()
  await tab.reconnect()
  crash()
  await tab.reconnect()
  await click()
  for (const end of [() => tab.drop(), crash]) {
    end()
    await tab.reconnect()
    expect([tab.state(d).n, mirror().lost]).toEqual([1, false])
  }
  const idle = await another()
  await idle.watch(d)
  crash()
  await idle.reconnect()
  expect(shownOf(idle.tab.mirror.getState()).lost).toBe(false)
})

it('a state that was saved before states had a birth is not lost', async () => {
  const { tab, click, mirror, memory, crash } = await open()
  await click()
  for (const [, kept] of memory) delete kept.stored.birth
  crash()
  await tab.reconnect()
  await click()
  crash()
  await tab.reconnect()
  await click()
  expect([tab.state(d).n, mirror().lost]).toEqual([3, false])
})

it('a logout is no loss', async () => {
  const { tab, click, mirror, hub, done } = await open()
  await click()
  await done(hub.forgottenTabs.forget(tab.token))
  await tab.reconnect()
  expect([tab.state(d).n, mirror().lost]).toEqual([0, false])
})
