/** Random work on one token beside a plain model of it: after each step, every mirror shows what the model holds. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { defineState, type Self } from '../doors/authors.js'
import { TestTab, testHub } from '../testing/kit.js'

/** The same runs each time, unless their number is given. */
const seeded = process.env.RUNS ? {} : { seed: 1 }

interface Fields {
  n: number
  rows: { id: number; tags: string[] }[]
  map: Map<string, number>
}
type Change = readonly [kind: 'add' | 'push' | 'remove' | 'tag' | 'put' | 'sort' | 'move', a: number, b: number]

/** One change, to a draft or to a model alike. */
function change(s: Fields, [kind, a, b]: Change): void {
  const at = s.rows.length > 0 ? a % s.rows.length : 0
  switch (kind) {
    case 'add':
      s.n += a
      return
    case 'push':
      s.rows.push({ id: a, tags: [] })
      return
    case 'remove':
      s.rows.splice(at, 1 + (b % 2))
      return
    case 'tag':
      s.rows[at]?.tags.push(`t${b}`)
      return
    case 'put':
      if (b % 3 === 0) s.map.delete(`k${a % 5}`)
      else s.map.set(`k${a % 5}`, b)
      return
    case 'sort':
      s.rows.sort((one, two) => one.id - two.id)
      return
    case 'move': {
      const [row] = s.rows.splice(at, 1)
      if (row) s.rows.unshift(row)
    }
  }
}

const commit = (s: Fields, changes: readonly Change[]) => {
  for (const each of changes) change(s, each)
}

const d = defineState('d', (): Fields => ({ n: 0, rows: [], map: new Map() }))
  .private(() => ({ secret: 0 }))
  .computed({ total: (s) => s.rows.reduce((sum, { tags }) => sum + tags.length, s.n) })
  .tasks((background) => ({
    update: background(async ({ update }, changes: Change[], throws: boolean) => {
      await update((s) => {
        commit(s, changes)
        if (throws) throw new Error('thrown')
      })
    }),
    block: background(async (self, changes: Change[], throws: boolean) => {
      await using held = await self.lock()
      commit(held.state, changes)
      await Promise.resolve()
      if (throws) throw new Error('thrown')
    }),
    wait: background(async (self: Self<Fields>, changes: Change[]) => {
      await self.sleep(1000)
      await self.update((s) => commit(s, changes))
    }),
    hold: background(async (self: Self<Fields>, changes: Change[]) => {
      await using held = await self.lock()
      commit(held.state, changes)
      await self.sleep(10_000)
    }),
  }))
  .events((on) => ({
    once: on((s, changes: Change[], throws: boolean) => {
      commit(s, changes)
      s.secret += 1
      if (throws) throw new Error('thrown')
    }),
    steps: on(function* (s, first: Change[], second: Change[], throws: boolean) {
      commit(s, first)
      yield
      commit(s, second)
      if (throws) throw new Error('thrown')
    }),
    refused: on((s, changes: Change[]) => {
      commit(s, changes)
      ;(s as { map: unknown }).map = () => {}
    }),
  }))

const changes = fc.array(
  fc.tuple(
    fc.constantFrom('add', 'push', 'remove', 'tag', 'put', 'sort', 'move'),
    fc.nat(20),
    fc.nat(20),
  ) as fc.Arbitrary<Change>,
  { maxLength: 4 },
)
const step = fc.oneof(
  fc.record({ kind: fc.constantFrom('once', 'update', 'block'), changes, throws: fc.boolean() }),
  fc.record({ kind: fc.constantFrom('steps', 'burst'), changes, second: changes, throws: fc.boolean() }),
  fc.record({ kind: fc.constantFrom('refused', 'cancelled wait', 'cancelled hold', 'wait', 'outside'), changes }),
  fc.record({ kind: fc.constantFrom('reconnect', 'resync', 'frame') }),
) as fc.Arbitrary<{ kind: string; changes: Change[]; second: Change[]; throws: boolean }>

it('every mirror shows what a plain model holds, after each step, at revisions that rise by one', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      const { hub, clock, open } = testHub([d])
      const tab = await open()
      const state = await tab.watch(d)
      const twin = new TestTab(hub, clock, tab.browser, tab.signedToken)
      twin.connect()
      await clock.settle()
      await twin.watch(d)
      let model: Fields = { n: 0, rows: [], map: new Map() }
      const revisions = new Map<number, string>()
      for (const mirror of [tab, twin])
        mirror.onChange(() => {
          const { n, rows, map } = mirror.state(d)
          const shown = JSON.stringify([n, rows, [...map]])
          expect(revisions.get(mirror.revision) ?? shown).toBe(shown) // one revision is one state, in every mirror
          revisions.set(mirror.revision, shown)
        })
      const keep = (given: readonly Change[]) => {
        model = structuredClone(model)
        commit(model, given)
      }
      for (const { kind, changes: given, second, throws } of steps) {
        const before = hub.instance(tab.token).revision
        let commits = Number.POSITIVE_INFINITY
        /** Each task that ends may take a save, so that the store does not believe that it still runs. */
        let tasks = 0
        switch (kind) {
          case 'once':
            void state.once(given, throws).catch(() => {})
            if (!throws) keep(given)
            commits = 1
            break
          case 'steps':
            void state.steps(given, second, throws).catch(() => {})
            keep(given)
            if (!throws) keep(second)
            commits = 2
            break
          case 'burst':
            void state.once(given, throws).catch(() => {})
            void state.steps(second, given, false).catch(() => {})
            void state.update.start(second, throws)
            void state.block.start(given, false)
            void state.once(second, false).catch(() => {})
            if (!throws) keep(given)
            keep(second)
            keep(given)
            if (!throws) keep(second)
            keep(given)
            keep(second)
            commits = 6
            tasks = 2
            break
          case 'update':
          case 'block':
            void state[kind].start(given, throws)
            if (!throws) keep(given)
            commits = 1
            tasks = 1
            break
          case 'refused':
            void state.refused(given).catch(() => {})
            commits = 0
            break
          case 'wait':
            void state.wait.start(given)
            await clock.advance(1000)
            keep(given)
            commits = 1
            tasks = 1
            break
          case 'cancelled wait':
          case 'cancelled hold': {
            const task = kind === 'cancelled wait' ? state.wait : state.hold
            void task.start(given)
            await clock.advance(100)
            void task.cancel()
            commits = 0
            tasks = 1
            break
          }
          case 'outside':
            void hub.modifyState(tab.token, d, (s) => commit(s, given))
            keep(given)
            commits = 1
            break
          case 'reconnect':
            twin.drop()
            await twin.reconnect()
            commits = 0
            break
          case 'resync':
            twin.wire.send('resync')
            commits = 0
            break
        }
        await clock.advance(50)
        const revision = hub.instance(tab.token).revision
        expect(revision - before).toBeLessThanOrEqual(commits === Number.POSITIVE_INFINITY ? 0 : commits + tasks)
        for (const mirror of [tab, twin]) {
          const { n, rows, map, total } = mirror.state(d)
          expect({ n, rows, map: [...map] }).toEqual({ n: model.n, rows: model.rows, map: [...model.map] })
          expect(total).toBe(model.rows.reduce((sum, { tags }) => sum + tags.length, model.n))
          expect(mirror.revision).toBeLessThanOrEqual(revision)
        }
        expect(hub.locks.held).toBe(0)
        expect(hub.backgroundTasks.size).toBe(0)
      }
      expect(tab.reports).toEqual([])
    }),
    { numRuns: 150, ...seeded },
  )
}, 30_000)
