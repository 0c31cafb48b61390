/** What the kit offers to tests of state modules, seen as their author sees it. */
import { describe, expect, it, vi } from 'vitest'
import { getState, modifyState } from '../next/request/state.js'
import { defineState } from '../state/define.js'
import { TestTab, testHub } from './kit.js'

const { headers } = vi.hoisted(() => ({ headers: vi.fn(() => Promise.reject(new Error('outside a request scope'))) }))
vi.mock('next/headers.js', () => ({ headers }))

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

describe('a request', () => {
  /** As a server action of the app. */
  async function double(): Promise<number> {
    const { n } = await getState(counter)
    return modifyState(counter, (s) => (s.n = n * 2))
  }

  async function opened() {
    const kit = testHub([counter])
    const [one, other] = [await kit.open(), await kit.open()]
    await kit.done((await one.watch(counter)).add(3))
    await kit.done((await other.watch(counter)).add(10))
    headers.mockClear()
    return { ...kit, one, other }
  }

  it('is that of its tab, which shows what it has changed with the next frame; Next is not asked', async () => {
    const { one, other, clock } = await opened()
    expect(await one.request(double)).toBe(6)
    await clock.advance(16)
    expect([one.state(counter).n, other.state(counter).n]).toEqual([6, 10])
    expect(headers).not.toHaveBeenCalled()
  })

  it('is played beside one of another tab, and ends with its work', async () => {
    const { one, other, done } = await opened()
    expect(await Promise.all([one.request(double), other.request(double), one.request(() => 1)])).toEqual([6, 20, 1])
    expect(await done(getState(counter))).toEqual({ n: 0 })
    await expect(done(double())).rejects.toMatchObject({ code: 'unknown-tab' })
  })

  it('is not that of an event which is handled meanwhile', async () => {
    const seen = defineState('seen', () => ({ n: -1 })).events((on) => ({
      look: on(async (s) => {
        s.n = (await getState(counter)).n
      }),
    }))
    const { open } = testHub([counter, seen])
    const tab = await open()
    const { look } = await tab.watch(seen)
    await tab.request(() => modifyState(counter, (s) => void (s.n = 5)))
    const looked = look()
    await tab.request(() => looked)
    expect(tab.state(seen).n).toBe(0)
  })

  it('goes on while time passes, and gives what its work throws', async () => {
    const { one, clock } = await opened()
    const slow = one.request(async () => {
      await new Promise<void>((resolve) => void clock.after(1_000, resolve))
      await modifyState(counter, () => {
        throw new Error('not this way')
      })
    })
    const refused = expect(slow).rejects.toThrow('not this way')
    await clock.advance(1_000)
    await refused
    const thrown = one.request(() => {
      throw new Error('at once')
    })
    await expect(thrown).rejects.toThrow('at once')
  })

  it('finds the state of its tab after a crash, and of a dropped tab; of one that was never connected none', async () => {
    const { one, hub, clock, crash } = await opened()
    crash()
    expect(await one.request(double)).toBe(6)
    await one.reconnect()
    one.drop()
    expect(await one.request(double)).toBe(12)
    await one.reconnect()
    expect(one.state(counter).n).toBe(12)
    const fresh = new TestTab(hub, clock, 'b')
    expect(await fresh.request(() => getState(counter))).toEqual({ n: 0 })
    await expect(fresh.request(double)).rejects.toMatchObject({ code: 'unknown-tab' })
  })
})
