/** A store that is nearly full takes no new tabs; those that it keeps go on. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../base/clock.js'
import { defineState } from '../doors/authors.js'
import { diskStore } from '../store/disk/store.js'
import { type Memory, memoryStore } from '../store/memory.js'
import { testHub } from '../testing/kit.js'

const d = defineState('d', () => ({ text: '' }))
  .tasks((background) => ({ rests: background({ durable: true }, ({ sleep }) => sleep(1_000)) }))
  .events((on) => ({
    write: on((s, text: string) => {
      s.text = text
    }),
  }))

it('refuses the first change of a new tab by name, says so once, and goes on when there is room', async () => {
  let bytes = 0
  const memory: Memory = new Map()
  const store = { ...memoryStore(memory), bytes: () => bytes }
  const { open, done, log } = testHub([d], { store, limits: { storeBytes: 1_000_000 } })
  const first = await open()
  const { write } = await first.watch(d)
  await done(write('a'))
  bytes = 800_001
  const second = await open()
  const stranger = await second.watch(d)
  for (let call = 0; call < 3; call += 1)
    await expect(done(stranger.write('b'))).rejects.toMatchObject({ code: 'store-full' })
  await expect(done(stranger.rests.start())).rejects.toMatchObject({ code: 'store-full' })
  expect([second.state(d).text, memory.size]).toEqual(['', 1])
  await done(write('c'))
  expect(first.state(d).text).toBe('c')
  expect(log.lines.filter((line) => line.includes('"storeBytes"'))).toHaveLength(1)
  bytes = 700_000
  await done(stranger.write('b'))
  expect(second.state(d).text).toBe('b')
})

it('knows how much it keeps on the disk', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'heldstate-full-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  let now = 0
  const store = diskStore({ dir, clock: { ...systemClock, now: () => now } })
  const stored = { revision: 1, calls: [], running: [], ended: [], shapes: {} }
  for (let n = 0; n < 20; n += 1) await store.save(`t${n}`, { ...stored, state: { d: { text: 'x'.repeat(100_000) } } })
  expect(store.bytes?.()).toBeGreaterThan(2_000_000)
  for (let n = 0; n < 19; n += 1) await store.drop(`t${n}`)
  now += 1_000
  expect(store.bytes?.()).toBeLessThan(300_000)
  await store.close()
})
