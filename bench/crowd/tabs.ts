/** Some of the tabs of the crowd, in a process of their own. */
import { setPriority } from 'node:os'
import { answering } from '../child.js'
import type { Side } from '../socketio/definitions.js'
import { bareMember, heldMember, type Member } from './members.js'

const [, , side, port] = process.argv as unknown as [string, string, Side, string]
const make = side === 'held' ? heldMember : bareMember

setPriority(10) // the server has the processor first: its clients would be on other machines

const members: Member[] = []
const atOnce = 50

/** Does it so many times, some at the same time. */
async function each<T>(count: number, act: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = []
  let next = 0
  const work = async () => {
    while (next < count) {
      const index = next
      next += 1
      results[index] = await act(index)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return results
}

answering({
  open: async ({ from, count }: { from: number; count: number }) => {
    await each(count, async (index) => {
      const member = make(Number(port), from + index)
      members.push(member)
      await member.live
    })
  },
  /** One event of each; how many of them then show another counter than this. */
  add: async (expected: number) => {
    const counters = await each(members.length, (index) => (members[index] as Member).add())
    return counters.filter((counter) => counter !== expected).length
  },
  cut: async () => void (await Promise.all(members.map((member) => member.cut()))),
})
