/** Where nodes meet: a coordinator in memory, by a clock of its own, or one in a real redis. */
import type { RedisClientType } from 'redis'
import { systemClock } from '../base/clock.js'
import { consoleLog } from '../base/log.js'
import { TestClock } from '../testing/clock.js'
import { MemoryCoordinatorState, memoryCoordinator } from '../testing/memory-coordinator.js'
import type { Coordinator } from './coordinator.js'
import { redisCoordinator } from './redis/coordinator.js'

export interface MeetingPlace {
  /** The coordinator of one node, to be joined once. */
  open(): Coordinator
  /** Ends the lease of a node. */
  lapse(node: string): Promise<unknown>
  /** Lets so many milliseconds of the coordinator's clock pass. */
  pass(ms: number): Promise<unknown>
  /** Resolves once the named nodes, all that have joined, have received every message so far. */
  delivered(nodes: readonly string[]): Promise<unknown>
  close(): Promise<unknown>
}

export function meetingInMemory(): MeetingPlace {
  const clock = new TestClock()
  const state = new MemoryCoordinatorState(clock, (deliver) => deliver())
  return {
    open: () => memoryCoordinator(state),
    lapse: async (name) => {
      const node = state.nodes.get(name)
      if (node) node.leaseEnd = 0
    },
    pass: (ms) => clock.advance(ms),
    delivered: async () => {},
    close: async () => {},
  }
}

/** `client` is connected to the redis of `url`. */
export function meetingInRedis(
  url: string,
  prefix: string,
  client: Pick<RedisClientType, 'publish' | 'del'>,
): MeetingPlace {
  const opened: Coordinator[] = []
  let markers = 0
  /** By the number of a marker: what to do when a node has received it. */
  const onMarker = new Map<string, () => void>()
  const open = (): Coordinator => {
    const coordinator = redisCoordinator({ url, prefix, clock: systemClock, log: consoleLog })
    opened.push(coordinator)
    const join: Coordinator['join'] = (node, listener) =>
      coordinator.join(node, {
        onMessage: (message) => {
          const marked = message.type === 'node-gone' ? onMarker.get(message.node) : undefined
          if (marked) marked()
          else listener.onMessage(message)
        },
        onMessagesLost: () => listener.onMessagesLost(),
      })
    return { ...coordinator, join }
  }
  return {
    open,
    lapse: (name) => client.del(`${prefix}node:${name}`),
    pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    delivered: async (nodes) => {
      let missing = nodes.length
      markers += 1
      const marker = `marker ${markers}`
      const all = new Promise<void>((resolve) => onMarker.set(marker, () => --missing === 0 && resolve()))
      for (const name of nodes) await client.publish(`${prefix}n:${name}`, JSON.stringify(['gone', marker]))
      await all
      onMarker.delete(marker)
    },
    close: () => Promise.all(opened.map((coordinator) => coordinator.close())),
  }
}
