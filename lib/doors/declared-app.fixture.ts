/** An app that exports what it infers from each door, in each way that came to mind. */

const states = `
import { defineState, plain, Refusal } from 'heldstate'
import { z } from 'zod'

export const bare = defineState('bare', () => ({ n: 0 }))
export const counter = defineState('counter', () => ({ n: 0, at: new Date(), tags: new Map<string, Set<number>>(), row: { a: [1] } }))
  .private(() => ({ secret: '' }))
  .computed({ percent: (s) => s.n / 100, words: (s) => [s.secret] })
  .version(2, (fields) => fields)
  .tasks((background) => ({
    count: background({ concurrency: 'single' }, async ({ update, sleep }) => {
      while (await update((s) => s.n < 10 && ++s.n)) await sleep(500)
    }),
    load: background({ input: z.object({ path: z.string() }), durable: true }, async (self, { path }) => {
      await self.update((s) => { s.secret = path })
    }),
  }))
  .events((on, { count }) => ({
    reset: on((s) => { s.n = 0 }),
    setMax: on(z.coerce.number<string>().int(), (s, max) => { s.n = max }),
    add: on((s, by: number, note?: string) => { s.n += by + (note?.length ?? 0); return count() }),
    shown: on({ optimistic: true }, (s, n: number) => { s.n = n }),
    steps: on(function* (s) { s.n = 1; yield; return this.token ? count() : undefined }),
    later: on(async function (s) { this.get(bare).n += s.n }),
  }))
export default counter
export const { triggers, manifest } = counter
export const reset = () => counter.triggers.reset()
export const listOf = (id: string) =>
  defineState(id, () => ({ list: [] as string[] })).events((on) => ({ add: on((s, t: string) => { s.list.push(t) }) }))
export const listed = listOf('listed')
export const both = { counter, bare }
export const copied = plain(new Map([[1, { a: 1 }]]))
export const refusal = new Refusal('no')
export class Full extends Refusal {}
`

const generic = `
import type { Builder, Definition, On, Shape } from 'heldstate'
import { useServerState } from 'heldstate/react'
import { getState } from 'heldstate/server'

export const withNotes = <S extends Shape>(state: Builder<S>) => state.private(() => ({ notes: [] as string[] }))
export const withLog = <S extends Shape>(state: Builder<S>) => state.events((on) => ({ log: on(() => {}) }))
export const useView = <D extends Definition>(definition: D) => useServerState(definition)
export const read = <D extends Definition>(definition: D) => getState(definition)
export const adder = (on: On<{ n: number }>) => on((s, by: number) => { s.n += by })
`

const hooks = `
'use client'
import { ConnectionStatus, heldFetch, HeldStateError, useConnection, useServerState } from 'heldstate/react'
import { both, counter } from './counter.state'

export const useCounter = () => useServerState(counter)
export const useTwice = () => { const b = useServerState(both.bare); return { ...b, twice: b.n * 2 } }
export const useRow = () => useServerState(counter, (c) => c.row)
export const useTags = () => useServerState(counter, (c) => c.tags)
export const useTask = () => useServerState(counter).load
export const useParts = () => { const { add, reset, setMax, at } = useServerState(counter); return { add, reset, setMax, at } }
export const useLine = () => useConnection()
export const useLineStatus = () => useConnection().status
export const Status = ConnectionStatus
export const fetchIt = heldFetch
export const start = (c: ReturnType<typeof useCounter>) => c.load.start
export const ours = (e: unknown) => (e instanceof HeldStateError ? e : undefined)
export const parts = (e: HeldStateError) => ({ code: e.code, issues: e.issues })
`

const server = `
import { createHub, forgetBrowser, forgetTab, getState, hub as current, memoryStore, modifyState, redisStore } from 'heldstate/server'
import { storeSuite, TestClock, testHub } from 'heldstate/testing'
import { counter } from './counter.state'

export const read = () => getState(counter)
export const readRow = async () => (await getState(counter)).row
export const write = () => modifyState(counter, (s) => s)
export const writeHeld = () => modifyState(counter, (_, held) => held)
export const own = createHub({ store: memoryStore() })
export const tasks = own.backgroundTasks
export const change = (token: string) => own.modifyState(token, counter, (s) => s.n)
export const lock = (token: string) => own.lock(token)
export const store = memoryStore()
export const kept = async () => (await store.read('token'))?.running
export const redis = () => redisStore('redis://localhost')
export const forget = [forgetBrowser, forgetTab]
export const hub = current
export const kit = testHub([counter])
export const tab = async () => (await kit.open()).watch(counter)
export const testClock = new TestClock()
export const suite = storeSuite
`

const config = `
import { diskStore, serve, withHeldState } from 'heldstate/next'
import { register } from 'heldstate/next/instrumentation'
import { HeldStateProvider } from 'heldstate/provider'

export { GET } from 'heldstate/next/route'
export { register }
export default withHeldState({})
export const later = withHeldState(async () => ({}))
export const running = serve()
export const stop = async () => (await running).close
export const disk = diskStore({ dir: 'x' })
export const Provider = HeldStateProvider
export const attach = () => register({})
`

export const declaredApp: Readonly<Record<string, string>> = {
  'app/counter.state.ts': states,
  'app/generic.ts': generic,
  'app/hooks.tsx': hooks,
  'app/server.ts': server,
  'app/config.ts': config,
}

/** A component, so that the annotated state is used as any other. */
export const componentOf = `
'use client'
import { useServerState } from 'heldstate/react'
import { counter } from './counter.state'

export function Counter(): React.ReactNode {
  const c = useServerState(counter)
  const fields: [number, string] = [c.n, c.label]
  void [fields, () => c.setMax('3'), () => c.count.start(), c.count.running]
  // @ts-expect-error it takes a number
  void (() => c.add('one'))
  // @ts-expect-error there is no such member
  void c.nothing
  return null
}
`
