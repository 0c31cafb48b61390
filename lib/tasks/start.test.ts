import { describe, expect, it } from 'vitest'
import { defineState, type Self } from '../doors/authors.js'
import { done, gate } from '../testing/await.fixture.js'
import { testHub } from '../testing/kit.js'

interface Fields {
  n: number
}

let seen: unknown[] = []
let work: (self: Self<Fields>) => Promise<void> = async () => {}

const other = defineState('other', () => ({ n: 0 }))
const d = defineState('d', (): Fields => ({ n: 0 }))
  .private(() => ({ secret: 0 }))
  .tasks((background) => ({
    run: background((self) => work(self as never)),
    given: background(async (self, ...args: unknown[]) => {
      seen.push(self.token, ...args)
    }),
    single: background({ concurrency: 'single' }, async ({ sleep }, _name: string) => sleep(1000)),
  }))
  .events((on, { run }) => ({
    add: on((s, by: number) => {
      s.n += by
    }),
    startInside: on(async (s) => {
      s.n = 1
      await Promise.resolve()
      return run()
    }),
  }))

async function open(given: typeof work = async () => {}) {
  seen = []
  work = given
  const kit = testHub([d, other])
  const tab = await kit.open()
  return { ...kit, tab, state: await tab.watch(d), d: () => tab.state(d) }
}

describe('a task', () => {
  it('has begun, and is shown as running, when its start resolves', async () => {
    const { clock, state, d } = await open(async ({ sleep }) => {
      seen.push('begun')
      await sleep(1000)
    })
    await done(clock, state.run.start())
    expect([seen, d().run.running]).toEqual([['begun'], 1])
  })

  it('is given its token and the arguments of its start', async () => {
    const { clock, state, tab } = await open()
    const value = { at: new Date(5), tags: new Set(['a']) }
    await done(clock, state.given.start(1, value))
    expect(seen).toEqual([tab.token, 1, value])
  })

  it('that waits holds up no event, no other task and no server code', async () => {
    const forever = gate()
    const { clock, state, hub, tab, d: now } = await open(() => forever.opened)
    await done(clock, state.run.start())
    await done(clock, state.add(1))
    await hub.modifyState(tab.token, d, (s) => void (s.n += 10))
    work = async ({ update }) => void (await update((s) => (s.n += 100)))
    await done(clock, state.run.start())
    await clock.advance(20)
    expect(now()).toMatchObject({ n: 111, run: { running: 1 } })
    forever.open()
  })

  it('that an event starts begins when the change of the event is there', async () => {
    const { clock, state } = await open(async (self) => void seen.push(self.state.n))
    await done(clock, state.startInside())
    expect(seen).toEqual([1])
  })

  it('that is refused a second copy leaves the first one as it is', async () => {
    const { clock, state, d } = await open()
    await done(clock, state.single.start('a'))
    await expect(done(clock, state.single.start('b'))).rejects.toMatchObject({ code: 'already-running' })
    expect(d().single).toMatchObject({ running: 1, error: null })
  })

  it('reports no progress before its first report, and none that is no fraction', async () => {
    const reports: unknown[] = []
    const { clock, state, d } = await open(async ({ progress, sleep }) => {
      await sleep(100)
      progress(-1, 'below')
      for (const wrong of [Number.NaN, 'half' as never, undefined as never])
        try {
          progress(wrong)
        } catch (error) {
          reports.push((error as { code: string }).code)
        }
      await sleep(100)
    })
    await done(clock, state.run.start())
    expect(d().run).toMatchObject({ running: 1, progress: null, note: null })
    await clock.advance(150)
    expect(d().run).toMatchObject({ progress: 0, note: 'below' })
    expect(reports).toEqual(Array(3).fill('invalid-arguments'))
  })

  it('whose members are taken apart works as well', async () => {
    const { clock, state, d } = await open(async ({ lock, update, sleep, get, token, signal }) => {
      await update((s) => (s.n += 1))
      await sleep(10)
      {
        await using held = await lock()
        held.state.n += 1
        held.get(other).n = 7
      }
      seen.push(get(other).n, typeof token, signal.aborted)
    })
    await done(clock, state.run.start())
    await clock.advance(50)
    expect(d()).toMatchObject({ n: 2, run: { running: 0, error: null } })
    expect(seen).toEqual([7, 'string', false])
  })
})

describe('self.lock', () => {
  it('waits for its turn, and gives what the others have left', async () => {
    const order: string[] = []
    const {
      clock,
      state,
      hub,
      tab,
      d: now,
    } = await open(async (self) => {
      await using held = await self.lock()
      order.push(`task found ${held.state.n}`)
      held.state.n += 1
    })
    const slow = gate()
    const first = hub.modifyState(tab.token, d, async (s) => {
      await slow.opened
      s.n = 10
      order.push('server')
    })
    await done(clock, state.run.start())
    expect(order).toEqual([])
    slow.open()
    await done(clock, first)
    await clock.advance(20)
    expect(order).toEqual(['server', 'task found 10'])
    expect(now().n).toBe(11)
  })
})
