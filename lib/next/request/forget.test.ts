import { afterEach, describe, expect, it } from 'vitest'
import { defineState } from '../../doors/authors.js'
import { forgetBrowser, forgetTab, memoryStore, modifyState } from '../../doors/server.js'
import { setSlot } from '../../hub/process-hub.js'
import { testHub } from '../../testing/kit.js'

afterEach(() => setSlot(undefined))

const d = defineState('d', () => ({ n: 0, ticks: 0 }))
  .tasks((background) => ({
    tick: background(async ({ update, sleep }) => {
      for (;;) {
        await sleep(1_000)
        await update((s) => void (s.ticks += 1))
      }
    }),
    lasting: background({ durable: true }, async ({ sleep }) => sleep(1_000_000)),
  }))
  .events((on) => ({
    add: on((s) => void (s.n += 1)),
    slow: on(async (s) => {
      s.n += 100
      await new Promise((resolve) => setImmediate(resolve))
    }),
  }))

async function open() {
  const store = { ...memoryStore() }
  const kit = testHub([d], { store })
  const at = async (browser: string) => {
    const tab = await kit.open(browser)
    await tab.watch(d)
    return tab
  }
  const ann = await at('a'.repeat(32))
  await kit.done(ann.state(d).add())
  return { ...kit, store, at, ann }
}

/** Until its page has connected again. */
async function back(tab: Awaited<ReturnType<typeof open>>['ann']) {
  await tab.reconnect()
  await tab.watch(d)
}

describe('forgetTab', () => {
  it('drops the state, cancels the tasks and gives the page a new token', async () => {
    const { ann, clock, done, hub, store } = await open()
    await done(ann.state(d).tick.start())
    await done(ann.state(d).lasting.start())
    await clock.advance(2_500)
    const { token } = ann
    expect(store.read(token)).toMatchObject({ state: { d: { n: 1, ticks: 2 } } })
    await ann.request(() => forgetTab())
    expect(hub.backgroundTasks.size).toBe(0)
    expect(store.read(token)).toBeUndefined()
    await back(ann)
    expect(ann.token).not.toBe(token)
    expect(ann.state(d)).toMatchObject({ n: 0, ticks: 0, tick: { running: 0 } })
    await clock.advance(10_000)
    expect(store.read(token)).toBeUndefined()
    await done(ann.state(d).add())
    expect(ann.state(d).n).toBe(1)
  })

  it('twice, and of a tab that has nothing, is fine', async () => {
    const { ann, at } = await open()
    await ann.request(() => Promise.all([forgetTab(), forgetTab()]))
    await expect(ann.request(() => forgetTab())).rejects.toMatchObject({ code: 'unknown-tab' }) // it has no token yet
    await back(ann)
    await ann.request(() => forgetTab())
    const idle = await at('b'.repeat(32))
    await idle.request(() => forgetTab())
    await back(idle)
    expect(idle.state(d).n).toBe(0)
  })

  it('during a call waits for it, and calls that wait behind it change nothing', async () => {
    const { ann, done, store, clock } = await open()
    const { token } = ann
    const { slow, add } = ann.state(d)
    const calls = [slow(), add(), add()].map((call) => call.catch(({ code }) => code))
    await clock.settle()
    await ann.request(() => forgetTab())
    await back(ann)
    await clock.advance(1_000)
    for (const call of calls) expect([undefined, 'state-lost']).toContain(await done(call))
    expect(store.read(token)).toBeUndefined()
    expect(ann.state(d).n).toBe(0)
  })

  it('inside a change of the same tab is refused at once: it would wait for itself', async () => {
    const { ann, done, store } = await open()
    const { token } = ann
    const change = () => modifyState(d, async () => forgetTab())
    await expect(ann.request(change)).rejects.toMatchObject({ code: 'nested-lock' })
    await done(ann.state(d).add())
    expect(store.read(token)).toMatchObject({ state: { d: { n: 2 } } })
  })

  it('that the store refuses rejects, and does it when it is asked again', async () => {
    const { ann, store, clock, done } = await open()
    const { token } = ann
    const { drop } = store
    store.drop = () => {
      throw new Error('the disk is gone')
    }
    await expect(ann.request(() => forgetTab())).rejects.toThrow('the disk is gone')
    await done(ann.state(d).add()) // it goes on meanwhile
    store.drop = drop
    await ann.request(() => forgetTab())
    expect(store.read(token)).toBeUndefined()
    await clock.advance(100)
  })

  it('leaves other tabs alone, of the same browser too', async () => {
    const { ann, at, done } = await open()
    const [second, bob] = [await at('a'.repeat(32)), await at('b'.repeat(32))]
    await done(second.state(d).add())
    await done(bob.state(d).add())
    await ann.request(() => forgetTab())
    await done(second.state(d).add())
    await done(bob.state(d).add())
    expect([second.state(d).n, bob.state(d).n]).toEqual([2, 2])
  })

  it('of a request that does not tell of a tab rejects with unknown-tab', async () => {
    const { done } = await open()
    await expect(done(forgetTab())).rejects.toMatchObject({ code: 'unknown-tab' })
    setSlot(undefined)
    await expect(forgetTab()).rejects.toMatchObject({ code: 'missing-hub' })
  })

  it('server code that changes the tab in the same request fails, since there is none', async () => {
    const { ann } = await open()
    const change = async () => {
      await forgetTab()
      await modifyState(d, (s) => void (s.n = 5))
    }
    await expect(ann.request(change)).rejects.toMatchObject({ code: 'state-lost' })
  })

  it('a page that was offline meanwhile starts over as well', async () => {
    const { ann, store, done, hub } = await open()
    const { token } = ann
    ann.drop()
    await done(hub.forgottenTabs.forget(token))
    await back(ann)
    await back(ann)
    expect(ann.state(d).n).toBe(0)
    expect(ann.token).not.toBe(token)
    expect(store.read(token)).toBeUndefined()
  })
})

describe('forgetBrowser', () => {
  it('ends all its tabs, open and closed, and no other', async () => {
    const { ann, at, done, store, clock } = await open()
    const [second, closed, bob] = [await at('a'.repeat(32)), await at('a'.repeat(32)), await at('b'.repeat(32))]
    for (const tab of [second, closed, bob]) await done(tab.state(d).add())
    const tokens = [ann, second, closed].map(({ token }) => token)
    closed.close()
    await clock.advance(200_000) // it is in the store alone
    await ann.request(() => forgetBrowser())
    for (const token of tokens) expect(store.read(token)).toBeUndefined()
    await back(second)
    expect(second.state(d).n).toBe(0)
    expect(tokens).not.toContain(second.token)
    await done(bob.state(d).add())
    expect(bob.state(d).n).toBe(2)
  })
})

it('hub.disconnect closes connections, whose pages come back to the same state', async () => {
  const { ann, hub, at, clock } = await open()
  const bob = await at('b'.repeat(32))
  const { token } = ann
  for (const whose of [{ token }, { browser: 'a'.repeat(32) }]) {
    hub.disconnect(whose)
    await clock.settle()
    expect([ann.wire.connected, bob.wire.connected]).toEqual([false, true])
    await back(ann)
    expect([ann.token, ann.state(d).n]).toEqual([token, 1])
  }
})
