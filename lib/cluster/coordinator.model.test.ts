/** The coordinator in a redis does what the one in memory does: random steps, with the same answers and messages after each. */
import { createClient } from 'redis'
import { afterAll, describe, expect, it } from 'vitest'
import { Chance } from '../testing/chance.js'
import type { Coordinator, Message, Save } from './coordinator.js'
import { type MeetingPlace, meetingInMemory, meetingInRedis } from './coordinators.fixture.js'
import { RedisServer } from './redis/server.fixture.js'

const names = ['ann', 'bob', 'cyd', 'dan'] as const
const tokens = ['s', 't']
const leaseMs = 600_000

interface Node {
  readonly coordinator: Coordinator
  /** Since the last step. */
  readonly heard: Message[]
  /** The newest fence that it has of each token. */
  readonly fences: Map<string, number>
  /** It has claimed as many times. */
  claims: number
}

interface Side {
  readonly place: MeetingPlace
  readonly nodes: ReadonlyMap<string, Node>
}

const redis = await RedisServer.start()
const client = createClient({ url: redis.url, RESP: 2 })
await client.connect()
afterAll(async () => {
  client.destroy()
  await redis.remove()
})

async function sideAt(place: MeetingPlace): Promise<Side> {
  const nodes = new Map<string, Node>()
  for (const name of names) {
    const node: Node = { coordinator: place.open(), heard: [], fences: new Map(), claims: 0 }
    await node.coordinator.join(name, {
      onMessage: (message) => void node.heard.push(message),
      onMessagesLost: () => {},
    })
    nodes.set(name, node)
  }
  return { place, nodes }
}

/** One step of a node, drawn once and taken on each side. Gives what can be compared. */
function step(
  chance: Chance,
  name: string,
  revisions: Map<string, number>,
): [string, (side: Side) => Promise<unknown>] {
  const token = chance.pick(tokens)
  const on = (run: (node: Node, side: Side) => Promise<unknown>) => (side: Side) =>
    run(side.nodes.get(name) as Node, side)
  const have = chance.pick([-1, 0, revisions.get(token) ?? 0])
  switch (chance.pick(['claim', 'claim', 'save', 'save', 'save', 'release', 'release', 'follow', ...rare])) {
    case 'claim': {
      const isSentTwice = chance.happens(0.2)
      return [
        `${name} claims ${token}${isSentTwice ? ' once more' : ''}, has ${have}`,
        on(async (node) => {
          const { coordinator, fences } = node
          if (!isSentTwice) node.claims += 1
          const claim = await coordinator.claim(token, name, node.claims, have, 60_000)
          if (!claim.owned) return claim.owner
          const rises = claim.fence > (fences.get(token) ?? -1)
          fences.set(token, claim.fence)
          return { ...claim, fence: rises }
        }),
      ]
    }
    case 'save': {
      const revision = (revisions.get(token) ?? 0) + chance.pick([1, 1, 1, 1, 0, 2])
      const save = {
        id: `${chance.below(1e9)}`,
        token,
        node: name,
        revision,
        writes: chance.pick([
          {},
          { a: `"é ${chance.below(9)}"` },
          { a: null, 'b\u0000c': '{}' },
          { a: '', calls: '[]' },
        ]),
        startedNodes: chance.pick([[], [], [name], ['eve']]),
        endedNodes: chance.pick([[], [], ['ann'], ['eve', name]]),
        retainMs: 60_000,
      }
      return [
        `${name} saves ${token} ${revision}`,
        on(async ({ coordinator, fences }) => {
          const fenced: Save = { ...save, fence: fences.get(token) ?? 0 }
          const saved = await coordinator.save(fenced)
          if (saved) revisions.set(token, revision)
          return [saved, await coordinator.save(fenced), await coordinator.save({ ...fenced, id: 'another' })]
        }),
      ]
    }
    case 'release': {
      const follow = chance.happens(0.5)
      const late = chance.pick([0, 0, 1])
      return [
        `${name} releases ${token}${late === 0 ? '' : ', sent before its last claim'}`,
        on(({ coordinator, claims }) => coordinator.release(token, name, follow, claims - late)),
      ]
    }
    case 'follow':
      return [`${name} follows ${token}`, on(({ coordinator }) => coordinator.follow(token, name, have, 60_000))]
    case 'unfollow':
      return [`${name} unfollows ${token}`, on(({ coordinator }) => coordinator.unfollow(token, name))]
    case 'attend': {
      const here = chance.happens(0.7)
      return [
        `${name} ${here ? 'has' : 'has not'} pages of ${token}`,
        on(async ({ coordinator }, { nodes }) => {
          await coordinator.setPresent(token, name, here, 60_000)
          const alone = await Promise.all(
            [...nodes.keys()].map((each) => coordinator.unattendedMs(token, each, 60_000)),
          )
          return alone.map((ms) => (ms === undefined ? 'attended' : ms < 0 ? 'lost' : 'left'))
        }),
      ]
    }
    case 'drop':
      return [
        `${name} drops ${token}`,
        on(async ({ coordinator, fences }) => {
          await coordinator.drop(token, name, fences.get(token) ?? 0)
          const kept = await coordinator.read(token)
          if (!kept) revisions.delete(token)
          return kept
        }),
      ]
    case 'orphans':
      return [
        `${name} takes orphans`,
        on(async ({ coordinator }) => [...(await coordinator.orphans(name, 100))].sort()),
      ]
    case 'lapse':
      return [`${name} lapses`, ({ place }) => place.lapse(name).then(() => {})]
    default:
      return [
        `${name} beats`,
        on(async ({ coordinator }) => {
          const { alive, lapsed } = await coordinator.heartbeat(name, leaseMs, leaseMs)
          return [[...alive].sort(), lapsed]
        }),
      ]
  }
}

const rare = ['attend', 'attend', 'unfollow', 'drop', 'orphans', 'lapse', 'beat']

describe('a redis coordinator', () => {
  it.each([1, 2])('answers and tells what one in memory does, seed %i', async (seed) => {
    const chance = new Chance(seed)
    const sides = [
      await sideAt(meetingInMemory()),
      await sideAt(meetingInRedis(redis.url, `seed ${seed}:`, client)),
    ] as const
    const living = new Set<string>(names)
    const revisions = new Map<string, number>()
    const past: string[] = []
    const both = async (what: string, take: (side: Side) => Promise<unknown>) => {
      past.push(what)
      const seen = []
      for (const side of sides) {
        const answer = await take(side)
        await side.place.delivered(names)
        const heard = [...living].map((name) => [name, side.nodes.get(name)?.heard.splice(0)])
        const kept = await Promise.all(tokens.map((token) => side.nodes.get('ann')?.coordinator.read(token)))
        seen.push({ answer, heard: Object.fromEntries(heard), kept })
      }
      expect(seen[1], past.slice(-20).join('\n')).toEqual(seen[0])
    }
    for (const name of names) await both(...beats(name))
    for (let count = 0; count < 500; count += 1) {
      const name = chance.pick([...living])
      if (count === 350) {
        for (const name of names) await both(...beats(name)) // a dead node need not hear of it
        living.delete('dan')
        await both('dan leaves', (side) => (side.nodes.get('dan') as Node).coordinator.leave('dan'))
      } else await both(...step(chance, name, revisions))
    }
    for (const { place } of sides) await place.close()
  })
})

const beats = (name: string): [string, (side: Side) => Promise<unknown>] => [
  `${name} begins`,
  async (side) => (await side.nodes.get(name)?.coordinator.heartbeat(name, leaseMs, leaseMs))?.lapsed,
]
