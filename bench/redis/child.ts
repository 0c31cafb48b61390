/**
 * One side of the redis benchmark, a process of its own: what one side leaves to be collected is no burden to another.
 * Arguments: the side, and the url of the redis.
 */

import { redisStore } from '../../lib/dist/cluster/redis/store.js'
import { HubRuntime } from '../../lib/dist/hub/hub.js'
import { answering } from '../child.js'
import { bench, list } from '../socketio/definitions.js'
import { calledToken, heldToken, naiveClient, naiveToken, type Token } from './sides.js'

/** Who takes the events: the naive way, with the client as it comes or without its timers; or a hub. */
export type Side = 'naive' | 'tuned' | 'held'

/** How they are taken: see `redis-sides`. */
export type Way = 'mutex' | 'retry' | 'page' | 'called'

export interface Group {
  readonly way: Way
  readonly definition: 'bench' | 'list'
  readonly tokens: number
}

export interface Load {
  /** Of a group of tokens, as `open` has numbered it. */
  readonly group: number
  readonly act: 'add' | 'rename'
  /** Events, of all tokens together. */
  readonly count: number
  /** Events of one token that are not waited for. */
  readonly inFlight: number
}

/** Microseconds an event: of the clock, and of CPU in this process. */
export interface Cost {
  readonly time: number
  readonly cpu: number
}

const [side, url] = process.argv.slice(2) as [Side, string]
const groups: (readonly Token[])[] = []
const make = side === 'held' ? await heldMaker() : await naiveMaker()

async function heldMaker() {
  const hub = new HubRuntime({ store: redisStore(url) })
  hub.registry.add(bench, list)
  await hub.resume()
  return ({ way, definition }: Group) => (way === 'page' ? heldToken : calledToken)(hub, definition)
}

async function naiveMaker() {
  const client = await naiveClient(url, side === 'naive')
  const rows = () => Array.from({ length: 10_000 }, (_, id) => ({ id, name: `row ${id}`, done: false }))
  return ({ way, definition }: Group) =>
    naiveToken(
      client,
      definition === 'list' ? { counter: 0, rows: rows() } : { counter: 0, text: '' },
      way === 'retry' ? 'retry' : 'mutex',
    )
}

let renamed = 0
const acts = {
  add: (token: Token) => token.add(),
  rename: (token: Token) => {
    renamed += 1
    return token.change(renamed % 10_000, `a new name ${renamed}`)
  },
}

async function run({ group, act, count, inFlight }: Load): Promise<Cost> {
  const tokens = groups[group] ?? []
  const [began, used] = [performance.now(), process.cpuUsage()]
  await Promise.all(
    tokens.map(async (token) => {
      for (let done = 0; done < count / tokens.length; done += inFlight)
        await Promise.all(Array.from({ length: inFlight }, () => acts[act](token)))
    }),
  )
  const time = ((performance.now() - began) * 1000) / count
  const { user, system } = process.cpuUsage(used)
  return { time, cpu: (user + system) / count }
}

answering({
  open: async (group: Group) => {
    groups.push(await Promise.all(Array.from({ length: group.tokens }, () => make(group))))
    return groups.length - 1
  },
  run,
})
