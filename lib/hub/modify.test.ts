import { afterEach, describe, expect, it } from 'vitest'
import { defineState } from '../doors/authors.js'
import { hub, modifyState } from '../doors/server.js'
import { testHub } from '../doors/testing.js'
import { stub } from '../state/stub.js'
import { setSlot } from './slot.js'

const d = defineState('d', () => ({ n: 0 })).tasks((background) => ({ wait: background(({ sleep }) => sleep(1000)) }))

afterEach(() => setSlot(undefined))

describe('server code', () => {
  it('is told how to start a hub when none runs', async () => {
    expect(() => hub.backgroundTasks).toThrow(expect.objectContaining({ code: 'missing-hub' }))
    await expect(async () => modifyState('0'.repeat(32), d, () => {})).rejects.toMatchObject({ code: 'missing-hub' })
    await expect(async () => hub.lock('0'.repeat(32))).rejects.toMatchObject({ code: 'missing-hub' })
  })

  it('reaches the hub of its process, also with a stub in place of the definition', async () => {
    const kit = testHub([d])
    setSlot({ hub: kit.hub, routeKey: 'k' })
    const tab = await kit.open()
    const state = await tab.watch(d)
    expect(await modifyState(tab.token, stub(d.manifest) as typeof d, (s) => (s.n += 1))).toBe(1)
    {
      await using held = await hub.lock(tab.token)
      held.get(d).n += 1
    }
    await kit.clock.advance(20)
    expect(tab.state(d).n).toBe(2)
    void state.wait.start()
    await kit.clock.settle()
    expect([...hub.backgroundTasks].map(({ task }) => task)).toEqual(['wait'])
    await hub.close()
    await expect(modifyState(tab.token, d, () => {})).rejects.toMatchObject({ code: 'hub-closed' })
  })
})
