/** What has no effect, or another one than it seems, is said in development with the author's line. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { processLimits } from '../base/server-limits.js'
import { defineState, type Self, type Trigger } from '../doors/authors.js'
import { hub, modifyState } from '../doors/server.js'
import { setSlot } from '../hub/process-hub.js'
import { gate } from '../testing/await.fixture.js'
import { testHub } from '../testing/kit.js'

interface Fields {
  n: number
  name: string
  either: string | null
  rows: number[]
}

/** What one test wants a task to do. */
let work: (self: Self<Fields>) => Promise<unknown> = async () => {}
const here = expect.stringContaining('author-mistakes.test.ts')
const warned: { message: string; stack: string }[] = []

afterEach(() => {
  setSlot(undefined)
  warned.length = 0
})

const define = () => {
  const other = defineState('other', () => ({ m: 0 })).events((on) => ({ hear: on((s) => void (s.m += 1)) }))
  const d = defineState('d', (): Fields => ({ n: 0, name: '', either: null, rows: [] }))
    .tasks((background) => ({
      run: background(async (self) => {
        const made = await work(self)
        return made as Trigger | undefined
      }),
      count: background(async ({ update }) => void (await update((s) => void (s.n += 1)))),
      putToo: background(async ({ update }, n: unknown) => update((s) => void (s.n = n as number)).then(() => {})),
    }))
    .events((on, { count }) => ({
      forgets: on(() => {
        count()
      }),
      forgetsLater: on(async () => {
        await Promise.resolve()
        other.triggers.hear()
      }),
      forgetsInside: on(function* () {
        yield count()
        other.triggers.hear()
      }),
      forgetsAfterwards: on(() => {
        void Promise.resolve()
          .then(() => Promise.resolve())
          .then(() => Promise.resolve())
          .then(() => count())
      }),
      returns: on(() => [count(), other.triggers.hear()]),
      yields: on(async function* () {
        const next = count()
        yield
        yield next
        return other.triggers.hear()
      }),
      throws: on(() => {
        count()
        throw new Error('no')
      }),
      put: on((s, n: unknown) => {
        s.n = n as number
      }),
      add: on((s, by: number) => {
        s.n += by
      }),
      choose: on((s, value: string | null) => {
        s.either = value
      }),
      checked: on(z.any(), (s, n) => {
        s.n = n
      }),
      own: on((s) => {
        s.n = 'own' as never
      }),
    }))
  return { d, other }
}

async function open() {
  const { d, other } = define()
  const log = {
    info() {},
    error() {},
    warn: (message: string, error?: unknown) => void warned.push({ message, stack: String((error as Error)?.stack) }),
  }
  const kit = testHub([d, other])
  vi.spyOn(kit.log, 'warn').mockImplementation(log.warn)
  const tab = await kit.open()
  await tab.watch(other)
  const state = await tab.watch(d)
  const run = async (given: typeof work) => {
    work = given
    void state.run.start().catch(() => {})
    await kit.clock.advance(100)
  }
  return { ...kit, d, other, tab, state, run, now: () => tab.state(d) }
}

describe('a trigger that was called and not returned', () => {
  it.each([
    ['forgets', 'count', 'd'],
    ['forgetsLater', 'hear', 'other'],
    ['forgetsInside', 'hear', 'other'],
    ['forgetsAfterwards', 'count', 'd'],
  ] as const)('by the event %s is said, with its line', async (event, member, definition) => {
    const { state, done } = await open()
    await done(state[event]())
    expect(warned).toEqual([
      {
        message: expect.stringContaining(
          `Event "${event}" of state "d" called the trigger "${member}" of state "${definition}"`,
        ),
        stack: here,
      },
    ])
    expect(warned[0]?.message).toContain(`return ${member}()`)
  })

  it('and what was returned, yielded or made before a throw is not', async () => {
    const { state, done, now, clock } = await open()
    await done(state.returns())
    await done(state.yields())
    await done(state.throws().catch(() => {}))
    await clock.advance(100)
    expect([now().n, warned]).toEqual([2, []])
  })

  it('by a task is said as it ends, and not if it is returned', async () => {
    const { run, d, now } = await open()
    await run(async ({ update }) => {
      await update(() => {})
      return d.triggers.count()
    })
    expect([now().n, warned]).toEqual([1, []])
    await run(async ({ update }) => {
      await update(() => void d.triggers.count())
    })
    expect(warned).toEqual([
      { message: expect.stringContaining('Task "run" of state "d" called the trigger "count"'), stack: here },
    ])
  })

  it('by modifyState is said, returned or not: nobody starts it', async () => {
    const { tab, d } = await open()
    await modifyState(tab.token, d, () => d.triggers.count())
    expect(warned).toEqual([
      {
        message: expect.stringContaining('odifyState() of state "d" called the trigger "count"'),
        stack: here,
      },
    ])
  })
})

describe('a lock without "using"', () => {
  it('is said when its task ends: what it changed is lost', async () => {
    const { run, now } = await open()
    await run(async (self) => {
      const held = await self.lock()
      held.state.n = 5
    })
    expect(now().n).toBe(0)
    expect(warned).toEqual([
      {
        message: expect.stringContaining('Task "run" of state "d" called lock() without "using"'),
        stack: here,
      },
    ])
    expect(warned[0]?.message).toContain('its changes are lost')
  })

  it('is said when it is held for long, and when its task asks for the lock again', async () => {
    const { run, clock } = await open()
    await run(async (self) => {
      await self.lock()
      await self.sleep(60_000)
    })
    expect(warned).toEqual([])
    await clock.advance(processLimits.lockHeldMs)
    expect(warned).toEqual([{ message: expect.stringContaining('still holds the lock'), stack: here }])
    const again = await open()
    warned.length = 0
    await again.run(async (self) => {
      await self.lock()
      await self.update(() => {})
    })
    expect(warned[0]).toEqual({ message: expect.stringContaining('deadlocks here'), stack: here })
  })

  it('and with it, or with an end by hand, nothing is said', async () => {
    const { run, now, clock } = await open()
    await run(async (self) => {
      {
        await using held = await self.lock()
        held.state.n += 1
        await self.sleep(10)
      }
      const held = await self.lock()
      try {
        held.state.n += 1
      } finally {
        await held[Symbol.asyncDispose]()
      }
    })
    await clock.advance(10_000)
    expect([now().n, warned]).toEqual([2, []])
  })

  it('of server code is said when it is held for long', async () => {
    const { tab, clock, d } = await open()
    const held = await hub.lock(tab.token)
    await clock.advance(processLimits.lockHeldMs)
    expect(warned).toEqual([
      { message: expect.stringContaining('Server code called lock() without "using"'), stack: here },
    ])
    await held[Symbol.asyncDispose]()
    warned.length = 0
    {
      await using again = await hub.lock(tab.token)
      again.get(d).n = 1
      await clock.advance(processLimits.lockHeldMs)
    }
    expect(warned).toEqual([])
  })
})

describe('an update that nobody awaits', () => {
  it('is said when its task ends before it', async () => {
    const { run, tab, d, clock } = await open()
    const held = gate()
    const other = modifyState(tab.token, d, () => held.opened)
    await run(async ({ update }) => {
      update((s) => void (s.n += 1)).catch(() => {})
    })
    held.open()
    await other
    await clock.advance(10)
    expect(warned).toEqual([
      { message: expect.stringContaining('Task "run" of state "d" ended before its update() finished'), stack: here },
    ])
  })

  it('and one that is awaited, or has ended by itself, is not', async () => {
    const { run, now } = await open()
    await run(async ({ update }) => {
      await update((s) => void (s.n += 1))
      void update((s) => void (s.n += 1))
    })
    expect([now().n, warned]).toEqual([2, []])
  })
})

describe('a field that changes its kind', () => {
  it('by an argument that no schema checks is said once, with the line', async () => {
    const { state, done, now } = await open()
    await done(state.put('5'))
    await done(state.put('6'))
    await done(state.put(7))
    await done(state.put([8]))
    expect(now().n).toEqual([8])
    expect(warned).toEqual([
      {
        message: expect.stringContaining(
          'Field "n" of state "d" was a number and is now a string: event "put" of state "d"',
        ),
        stack: here,
      },
    ])
  })

  it('by a sum with a text, or in a task, is said too', async () => {
    for (const member of ['add', 'putToo'] as const) {
      const { state, done } = await open()
      await done<unknown>(member === 'add' ? state.add('1' as never) : state.putToo.start('1'))
      expect(warned.map(({ message }) => message)).toEqual([
        expect.stringContaining('Field "n" of state "d" was a number'),
      ])
      warned.length = 0
    }
  })

  it('by what a schema checked, by the code of the handler, or where the first value says nothing, is not', async () => {
    const { state, done } = await open()
    await done(state.checked('5'))
    await done(state.own())
    await done(state.choose('x'))
    await done(state.choose(null))
    expect(warned).toEqual([])
  })
})

describe('what an earlier change of a task has put in', () => {
  const lists = defineState('lists', () => ({
    reports: [] as { n: number; at: Date }[],
    when: null as Date | null,
  })).tasks((background) => ({
    loses: background(async ({ update, lock }) => {
      const report = { n: 0, at: new Date(0) }
      await update((s) => void s.reports.push(report))
      await update(() => void (report.n += 1)) // seen by the next one
      {
        await using held = await lock()
        held.state.when = report.at
      }
      report.at.setTime(5) // seen at the end
    }),
    keeps: background(async ({ update }) => {
      const report = { n: 0, at: new Date(0) }
      await update((s) => void s.reports.push(report))
      await update((s) => void ((s.reports[0] as { n: number }).n += 1))
    }),
  }))

  it('and what is written to it later is said to be lost, once for each', async () => {
    const { open, clock, log } = testHub([lists])
    const tab = await open()
    const state = await tab.watch(lists)
    void state.loses.start()
    await clock.advance(100)
    const said = log.lines.filter((line) => line.includes('through an object assigned'))
    expect(said).toEqual([
      expect.stringMatching(/Task "loses" of state "lists" changed lists.reports\[0\] through/),
      expect.stringMatching(/changed lists.when through/),
    ])
    expect(tab.state(lists).reports).toEqual([{ n: 0, at: new Date(0) }])
  })

  it('is looked at in silence where nothing is written to it', async () => {
    const { open, clock, log } = testHub([lists])
    const tab = await open()
    const state = await tab.watch(lists)
    void state.keeps.start()
    await clock.advance(100)
    expect([log.lines, tab.state(lists).reports[0]?.n]).toEqual([[], 1])
  })
})
