import { describe, expect, it } from 'vitest'
import type { Coordinator } from './coordinator.js'
import { coordinatorSuite } from './coordinator-suite.fixture.js'
import { meetingInMemory } from './coordinators.fixture.js'

coordinatorSuite('memory', { describe, it }, meetingInMemory)

/** The rules of the suite that a coordinator breaks. */
async function broken(change: (coordinator: Coordinator) => Partial<Coordinator>): Promise<string[]> {
  const failed: string[] = []
  const rules: [string, () => Promise<void>][] = []
  const runner = {
    describe: (_: string, body: () => void) => body(),
    it: (...rule: (typeof rules)[number]) => void rules.push(rule),
  }
  coordinatorSuite('broken', runner, () => {
    const place = meetingInMemory()
    const open = () => {
      const coordinator = place.open()
      return { ...coordinator, ...change(coordinator) }
    }
    return { ...place, open }
  })
  for (const [name, body] of rules) await body().catch(() => failed.push(name))
  return failed
}

const never = async () => {}

it.each([
  ['takes a save under any fence', /that arrives twice/, noFence],
  [
    'releases whatever came since',
    /claimed it since/,
    ({ release }) => ({ release: (t, n, f) => release(t, n, f, 99) }),
  ],
  ['hands nothing over', /in their order/, () => ({ release: never })],
  ['counts each claim as a new one', /that arrives twice/, renumbered],
  ['keeps a follower for good', /until it follows no longer/, () => ({ unfollow: never })],
  [
    'drops a token that is followed',
    /another node follows/,
    ({ drop, unfollow }) => ({
      drop: async (token, node, fence) => {
        for (const other of ['a', 'b', 'c']) await unfollow(token, other)
        await drop(token, node, fence)
      },
    }),
  ],
  ['says nothing of pages that go', /are missed/, () => ({ setPresent: never })],
  ['gives orphans to nobody', /to one node each/, () => ({ orphans: async () => [] })],
  [
    'trusts in a lease for good',
    /lasts its whole length/,
    ({ heartbeat }) => ({ heartbeat: (n) => heartbeat(n, 1e9, 1e9) }),
  ],
] as [string, RegExp, (coordinator: Coordinator) => Partial<Coordinator>][])(
  'a coordinator that %s does not pass',
  async (_, rule, change) => {
    expect(await broken(change)).toEqual(expect.arrayContaining([expect.stringMatching(rule)]))
  },
)

function noFence({ save, claim }: Coordinator): Partial<Coordinator> {
  let latest = 0
  return {
    claim: async (...given) => {
      const claimed = await claim(...given)
      if (claimed.owned) latest = claimed.fence
      return claimed
    },
    save: (given) => save({ ...given, fence: latest }),
  }
}

function renumbered({ claim }: Coordinator): Partial<Coordinator> {
  let number = 0
  return { claim: (token, node, _, have, retainMs) => claim(token, node, (number += 1), have, retainMs) }
}
