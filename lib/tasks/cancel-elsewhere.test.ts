import { expect, it } from 'vitest'
import { defineState } from '../doors/authors.js'
import { openNodes } from '../hub/nodes.fixture.js'
import { TestClock } from '../testing/clock.js'
import { testHub } from '../testing/kit.js'

const d = defineState('d', () => ({ log: [] as string[] })).tasks((background) => ({
  job: background({ durable: true }, async ({ update, sleep, signal }, name: string, deaf: boolean) => {
    for (let i = 0; i < 100; i += 1) {
      await update((s) => void s.log.push(name))
      await sleep(100).catch((error) => {
        if (!deaf) throw error
      })
      if (signal.aborted) await new Promise<void>(() => {})
    }
  }),
}))

it('a durable task that begins while an earlier copy is cancelled is not lost', async () => {
  const kit = testHub([d], {}, new TestClock())
  const tab = await kit.open()
  const { job } = await tab.watch(d)
  await kit.done(job.start('a', true))
  await kit.clock.advance(250)
  const cancelled = job.cancel() // waits two seconds for what does not end
  await kit.clock.advance(500)
  await kit.done(job.start('b', false))
  await kit.clock.advance(3_000)
  await cancelled
  const stored = await kit.hub.store.read(tab.token)
  expect([tab.state(d).job.running, stored?.running.length]).toEqual([1, 1])
  kit.crash()
  await tab.reconnect()
  await kit.clock.advance(1_000)
  expect(tab.state(d).job.running).toBe(1)
})

import type { Coordinator } from '../cluster/coordinator.js'
import { sharedStore } from '../cluster/shared-store.js'
import { MemoryCoordinatorState, memoryCoordinator } from '../testing/memory-coordinator.js'

const r = defineState('r', () => ({ log: [] as number[] }))
  .tasks((background) => ({
    job: background({ durable: true, retry: { times: 5, wait: '200ms' } }, async ({ update, sleep, attempt }) => {
      await update((s) => void s.log.push(attempt))
      await sleep(100)
      if (attempt === 1) throw new Error('x')
      for (;;) {
        await update((s) => void s.log.push(attempt))
        await sleep(100)
      }
    }),
  }))
  .events((on) => ({ note: on((s) => void s.log.push(0)) }))

async function two() {
  const clock = new TestClock()
  const book = new MemoryCoordinatorState(clock)
  const make = () => {
    const store = sharedStore({ coordinator: memoryCoordinator(book), clock, leaseMs: 1000 })
    return { ...testHub([r], { store }, clock), store }
  }
  const [a, b] = [make(), make()]
  await clock.advance(0)
  return { clock, book, a, b, token: 'ab'.repeat(16) }
}

it('a durable task that is cancelled from another process while it is between two attempts does not go on', async () => {
  const { clock, a, b, token } = await two()
  a.hub.start(token, [r.triggers.job()])
  await clock.advance(50)
  const held = b.hub.modifyState(token, r, (s) => void s.log.push(0)) // b holds the token now
  await clock.advance(20)
  await held
  const { coordinator } = a.store as unknown as { coordinator: Coordinator }
  const { claim } = coordinator
  coordinator.claim = async (...given) => {
    await new Promise<void>((resolve) => void clock.after(30, resolve)) // word of the next attempt takes its time
    return claim(...given)
  }
  await clock.advance(40) // the first attempt has failed
  const cancelled = b.hub.tasks.cancel(token, 'r', 'job')
  await clock.advance(2_500)
  await cancelled
  const before = (await b.store.read(token))?.state.r?.log as number[]
  await clock.advance(5_000)
  const after = (await b.store.read(token))?.state.r?.log as number[]
  expect([after.length - before.length, a.hub.backgroundTasks.size]).toEqual([0, 0])
})

it('a task is cancelled by a process that was not told that it has begun', async () => {
  const { clock, book, a, b, token } = await two()
  const made = a.hub.call({ token, definition: 'r', member: 'note', args: [] })
  await clock.advance(20)
  await made
  const instance = b.hub.instance(token)
  const known = b.hub.load(instance)
  await clock.advance(20)
  await known
  instance.watchers.add({
    sentAt: 0,
    hurry: () => false,
    closeConnection() {},
    changed() {},
    showInDevelopment() {},
  }) // a page
  const node = book.nodes.get(b.store.node)
  const listener = node?.listener
  if (node) node.listener = undefined // messages are lost
  a.hub.start(token, [r.triggers.job()])
  await clock.advance(20)
  if (node) node.listener = listener
  const cancelled = b.hub.tasks.cancel(token, 'r', 'job')
  await clock.advance(20)
  await cancelled
  expect([...a.hub.tasks.pool.runs].filter((run) => run.isRunning).length).toBe(0)
})

it('a start that waits for a place is cancelled from another process', async () => {
  const clock = new TestClock()
  const { a, b, c, tab, state, end } = await openNodes(clock, d, { count: 3 })
  for (const name of ['1', '2', '3', '4']) await end(state.job.start(name, false), 50)
  Object.assign(b.hub.limits, { tasksPerProcess: 2 })
  Object.assign(c.hub.limits, { tasksPerProcess: 0 }) // adopts nothing
  a.kill()
  await clock.advance(3_000)
  expect([b.hub.backgroundTasks.size, c.hub.backgroundTasks.size]).toEqual([2, 0])
  await end(c.hub.tasks.cancel(tab.token, 'd', 'job'), 1_000)
  const log = async () => (await c.store.read(tab.token))?.state.d?.log as string[]
  const before = await log()
  await clock.advance(3_000)
  expect([b.hub.backgroundTasks.size, (await log()).length - before.length]).toEqual([0, 0])
})
