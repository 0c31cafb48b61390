/** Work that waits for nothing lets the event loop turn; work that computes for long is named. */
import { expect, it } from 'vitest'
import { z } from 'zod'
import { defineState } from '../doors/authors.js'
import { trigger } from '../state/trigger.js'
import { TestClock } from '../testing/clock.js'
import { testHub } from '../testing/kit.js'
import { Turn } from './turn.js'

let pass = (_ms: number) => {}
const order: string[] = []
let attempts = 0

const d = defineState('d', () => ({ n: 0, heavy: 0 }))
  .computed({
    derived: (s) => {
      if (s.heavy) pass(s.heavy)
      return s.heavy
    },
  })
  .tasks((background) => ({
    loops: background(async ({ update }) => {
      while (await update((s) => ++s.n < 10_000));
    }),
    locks: background(async ({ lock }) => {
      for (let turn = 0; turn < 10_000; turn += 1) {
        await using held = await lock()
        held.state.n += 1
      }
    }),
    fails: background({ retry: { times: 1_000, wait: 0 } }, async () => {
      attempts += 1
      throw new Error('no')
    }),
    again: background(async () => {
      attempts += 1
      if (attempts < 10_000) return trigger('d', 'again', [])
    }),
    lines: background(async ({ update }, name: string) => {
      for (let turn = 0; turn < 20; turn += 1) await update(() => void order.push(`${name}${turn}`))
    }),
    works: background(async (_, ms: number) => pass(ms)),
    changes: background(({ update }, ms: number) => update(() => pass(ms))),
    steps: background(async function* (_, ms: number) {
      yield
      pass(ms)
    }),
  }))
  .events((on) => ({
    add: on((s) => void (s.n += 1)),
    computes: on((_, ms: number) => pass(ms)),
    throws: on((_, ms: number) => {
      pass(ms)
      throw new Error('no')
    }),
    generates: on(function* (_, ms: number) {
      yield
      pass(ms)
    }),
    derives: on((s, ms: number) => void (s.heavy = ms)),
    checked: on(
      z.number().transform((ms) => pass(ms)),
      () => {},
    ),
  }))

const chain = defineState('chain', () => ({ n: 0 })).events((on) => ({
  next: on((s, times: number) => {
    s.n += 1
    if (s.n < times) return trigger('chain', 'next', [times])
  }),
}))

/** Its process's clock goes on by a millisecond each time that it is looked at, and by what `pass` says. */
async function open(tick = 1) {
  const clock = new TestClock()
  let extra = 0
  const own = {
    now: () => clock.now() + (extra += tick),
    after: clock.after.bind(clock),
    turn: clock.turn.bind(clock),
    id: clock.id.bind(clock),
  }
  pass = (ms) => {
    extra += ms
  }
  const kit = testHub([d, chain], {}, clock, own)
  const tab = await kit.open()
  const state = await tab.watch(d)
  return { ...kit, tab, state, n: async () => (await kit.hub.store.load(tab.token))?.state.d?.n as number }
}

const turned = () => new Promise((resolve) => setImmediate(resolve))

it.each(['loops', 'locks'] as const)('a task that %s over a store in memory lets the event loop turn', async (name) => {
  const { hub, tab } = await open()
  hub.start(tab.token, [d.triggers[name]()])
  await turned()
  const store = await hub.store.load(tab.token)
  expect(store?.state.d?.n ?? 0).toBeLessThan(100)
})

it('so does server code that changes state in a loop', async () => {
  const { hub, tab } = await open()
  let stop = false
  let changes = 0
  const loop = async () => {
    while (!stop && changes < 10_000) {
      await hub.modifyState(tab.token, d, (s) => void (s.n += 1))
      changes += 1
    }
  }
  const looping = loop()
  await turned()
  stop = true
  expect(changes).toBeLessThan(100)
  void looping
})

it('a task that fails at once and is tried again without a pause lets the event loop turn', async () => {
  const { hub, tab } = await open()
  attempts = 0
  hub.start(tab.token, [d.triggers.fails()])
  await turned()
  expect(attempts).toBe(1)
})

it('a task that starts itself lets the event loop turn', async () => {
  const { hub, tab } = await open()
  attempts = 0
  hub.start(tab.token, [d.triggers.again()])
  await turned()
  expect(attempts).toBeLessThan(100)
})

it('tasks that give way keep the order of their changes', async () => {
  const { hub, tab, clock } = await open()
  order.length = 0
  hub.start(tab.token, [d.triggers.lines('a'), d.triggers.lines('b')])
  await clock.settle()
  const of = (name: string) => order.filter((step) => step.startsWith(name))
  expect(order).toHaveLength(40)
  for (const name of ['a', 'b']) expect(of(name)).toEqual(Array.from({ length: 20 }, (_, turn) => `${name}${turn}`))
})

it('a chain of triggers ends with the last one, however long it is, and lets the event loop turn', async () => {
  const { hub, tab, clock, n } = await open()
  hub.start(tab.token, [chain.triggers.next(5_000)])
  await turned()
  const store = await hub.store.read(tab.token)
  expect(store?.state.chain?.n).toBeLessThan(100)
  await clock.settle()
  expect((await hub.store.load(tab.token))?.state.chain?.n).toBe(5_000)
  expect(await n()).toBeUndefined() // nothing has changed it
})

it('steps of less than two milliseconds in a row follow at once, and each stretch has its time', async () => {
  const clock = new TestClock()
  const turn = new Turn({ now: () => now, after: () => () => {}, turn: (run) => clock.turn(run), id: () => '' })
  let now = 0
  expect(turn.giveWay()).toBeUndefined()
  now = 1
  expect(turn.giveWay()).toBeUndefined()
  await turned()
  now = 8
  expect(turn.giveWay()).toBeUndefined()
  now = 13
  const waits = [turn.giveWay(), turn.giveWay()]
  expect(waits.every((wait) => wait !== undefined)).toBe(true)
  await clock.settle()
  await Promise.all(waits)
  expect(turn.giveWay()).toBeUndefined()
})

it('what takes long gives way within a turn of the event loop, whatever callback it comes by', async () => {
  let now = 0
  const turns: (() => void)[] = []
  const turn = new Turn({ now: () => now, after: () => () => {}, turn: (run) => void turns.push(run), id: () => '' })
  const went: number[] = []
  const welcome = async (at: number) => {
    await turn.giveWayInTurn()
    went.push(at)
    now += 3
  }
  for (let at = 0; at < 4; at += 1) {
    void welcome(at)
    await turned() // each comes by a callback of its own: what promises asked for has run
  }
  expect(went).toEqual([0])
  for (let count = 2; count <= 4; count += 1) {
    for (const run of turns.splice(0)) run()
    await turned()
    expect(went).toHaveLength(count)
  }
  expect(went).toEqual([0, 1, 2, 3])
})

it('what waits goes on for a stretch in each turn, and not all of it in one', async () => {
  let now = 0
  const turns: (() => void)[] = []
  const turn = new Turn({ now: () => now, after: () => () => {}, turn: (run) => void turns.push(run), id: () => '' })
  turn.giveWay()
  now = 10
  const went: number[] = []
  for (let at = 0; at < 5; at += 1)
    void turn.giveWay()?.then(async () => {
      await undefined
      went.push(at)
      now += 5 // as long as a large state takes to be written
    })
  for (let count = 1; count <= 5; count += 1) {
    expect(turns).toHaveLength(1)
    turns.shift()?.()
    await turned()
    expect(went).toHaveLength(count)
  }
  expect([went, turns.length]).toEqual([[0, 1, 2, 3, 4], 0])
})

it('what goes on takes some steps in a row within its stretch, unless a step of its token waits', async () => {
  let now = 0
  let ofStep = 0
  const turns: (() => void)[] = []
  const turn = new Turn({ now: () => now, after: () => () => {}, turn: (run) => void turns.push(run), id: () => '' })
  const went: string[] = []
  const task = async (name: string, token: string) => {
    for (let step = 0; step < 200; step += 1) {
      await turn.giveWay(token)
      went.push(name)
      now += ofStep
    }
  }
  const rows = () => went.join('').match(/(.)\1*/g) as string[]
  const oneTurn = async () => {
    went.length = 0
    for (const run of turns.splice(0)) run()
    await turned()
    return rows()
  }
  turn.giveWay()
  now = 10
  for (const name of ['a', 'b', 'c']) void task(name, name === 'c' ? 'a' : name) // "a" and "c" are of one token
  const longest = (name: string) => Math.max(...rows().map((row) => (row[0] === name ? row.length : 0)))
  expect((await oneTurn()).slice(0, 3)).toEqual(['a', 'b', 'c'])
  expect(longest('b')).toBeGreaterThan(20)
  expect([longest('a'), longest('c')]).toEqual([1, 1]) // they take turns
  ofStep = 1
  await oneTurn()
  expect(went.length).toBeLessThan(5) // a stretch of two milliseconds
})

it.each<[string, (state: Awaited<ReturnType<typeof open>>['state'], ms: number) => Promise<unknown>]>([
  ['Event "computes" of state "d"', (state, ms) => state.computes(ms)],
  ['Event "throws" of state "d"', (state, ms) => state.throws(ms).catch(() => {})],
  ['Event "generates" of state "d"', (state, ms) => state.generates(ms)],
  ['Computed "derived" of state "d"', (state, ms) => state.derives(ms)],
  ['The schema of "checked" of state "d"', (state, ms) => state.checked(ms)],
  ['Task "works" of state "d"', (state, ms) => state.works.start(ms)],
  ['Task "changes" of state "d"', (state, ms) => state.changes.start(ms)],
  ['Task "steps" of state "d"', (state, ms) => state.steps.start(ms)],
])(
  '%s is named in the log when it has blocked the event loop for a second, and nothing else is',
  async (name, call) => {
    const { state, done, log } = await open(0)
    await done(call(state, 900))
    expect(log.lines.filter((line) => line.includes('blocked the event loop'))).toEqual([])
    await done(call(state, 5_000))
    const named = log.lines.filter((line) => line.includes('blocked the event loop'))
    expect(named).toEqual([expect.stringContaining(`warn: ${name} blocked the event loop for 5000 ms.`)])
  },
)
