import { expect, test } from 'vitest'
import { processLimits } from '../base/server-limits.js'
import { defineState } from '../doors/authors.js'
import { testHub } from '../testing/kit.js'

const never = () => new Promise<never>(() => {})

const d = defineState('d', () => ({ n: 0 }))
  .tasks((background) => ({
    block: background(async (self) => {
      await using _held = await self.lock()
      await never()
    }),
    change: background(({ update }) => update(never)),
  }))
  .events((on) => ({ hang: on(async () => never()) }))

const limits = { lockWaitMs: 10_000, shutdownTimeoutMs: 0, cancelGraceMs: 0 }

async function setUp() {
  const kit = testHub([d], { limits })
  const tab = await kit.open()
  const view = await tab.watch(d)
  return { ...kit, tab, view }
}

type Kit = Awaited<ReturnType<typeof setUp>>

test.each<[who: string, hold: (kit: Kit) => unknown]>([
  ['event "hang" of state "d"', ({ view }) => view.hang()],
  ['task "block" of state "d"', ({ view }) => view.block.start()],
  ['task "change" of state "d"', ({ view }) => view.change.start()],
  ['modifyState() of state "d"', ({ hub, tab }) => hub.modifyState(tab.token, d, never)],
  ['a block of hub.lock()', ({ hub, tab }) => hub.lock(tab.token)],
])('who waits too long is told that %s holds the lock, and since when', async (who, hold) => {
  const kit = await setUp()
  Promise.resolve(hold(kit)).catch(() => {})
  await kit.clock.advance(100)
  const late = kit.hub.modifyState(kit.tab.token, d, () => {}).catch((error: unknown) => error)
  await kit.clock.advance(processLimits.lockHeldMs)
  expect(kit.log.lines.join('\n')).toMatch(
    /A caller is waiting for the lock \(tab [0-9a-f]{8}\): .* has held it for at least 3000 ms/,
  )
  expect(kit.log.lines.join('\n')).toContain(`: ${who} has held it`)
  await kit.clock.advance(7_000)
  expect(await late).toMatchObject({
    code: 'lock-timeout',
    message: expect.stringContaining(`(limit "lockWaitMs"): ${who} has held it for at least 10000 ms`),
  })
})
