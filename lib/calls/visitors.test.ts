/** Visitors read what its author wrote for visitors. Twenty secrets are planted where an app and its store may have them. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { Refusal as OtherRefusal } from '../base/refusal.js'
import { defineState, HeldStateError, Refusal } from '../doors/authors.js'
import { memoryStore } from '../store/memory.js'
import { failure } from '../testing/await.fixture.js'
import { type TestTab, testHub } from '../testing/kit.js'

afterEach(() => vi.unstubAllEnvs())

let planted = 0
/** A secret as a database, a file or a host would say it. */
const secret = () => {
  planted += 1
  return `postgres://app:planted-${planted}@10.0.0.7:5432/srv/planted-${planted}/.env`
}

class Forbidden extends Refusal {
  override readonly name = 'Forbidden'
}

const plain = { toString: () => secret() }

const d = defineState('d', () => ({ n: 0 }))
  .private(() => ({ hidden: secret() }))
  .computed({
    broken: (s): number => {
      if (s.n > 0) throw new Error(secret())
      return 1
    },
  })
  .tasks((background) => ({
    fails: background(async () => Promise.reject(new Error(secret()))),
    again: background({ retry: { times: 1, wait: '1s' } }, async () => Promise.reject(new TypeError(secret()))),
    inBlock: background(async ({ update }) => update(() => Promise.reject(new Error(secret())))),
    generator: background(async function* () {
      yield
      throw new Error(secret())
    }),
    declines: background(async () => Promise.reject(new Refusal('The shop is closed.'))),
    checkedStart: background(
      {
        input: z.string().refine((): boolean => {
          throw new Error(secret())
        }),
      },
      async () => {},
    ),
  }))
  .events((on, { fails }) => ({
    throws: on(() => {
      throw new Error(secret())
    }),
    rejects: on(async () => Promise.reject(new Error(secret(), { cause: new Error(secret()) }))),
    text: on(() => {
      throw secret()
    }),
    object: on(() => {
      throw plain
    }),
    many: on(() => {
      throw new AggregateError([new Error(secret())], secret())
    }),
    disguised: on(() => {
      throw new HeldStateError('handler-failed', secret())
    }),
    disguisedTask: on(() => {
      throw new HeldStateError('task-failed', secret())
    }),
    around: on(() => {
      throw new Error(secret(), { cause: new Refusal('inside') })
    }),
    steps: on(function* (s) {
      s.n += 1
      yield
      throw new Error(secret())
    }),
    checked: on(
      z.string().refine((): boolean => {
        throw new Error(secret())
      }),
      () => {},
    ),
    begins: on(() => fails()),
    refuses: on(() => {
      throw new Refusal('All seats are taken.')
    }),
    refusesLong: on(() => {
      throw new Refusal('x'.repeat(10_000))
    }),
    forbids: on(() => {
      throw new Forbidden('Not for you.')
    }),
  }))

let isBorn = true
/** Its first values cannot be made any more. */
const stillborn = defineState('stillborn', () => {
  if (!isBorn) throw new Error(secret())
  return { n: 1 }
})

async function open(mode: string, store = memoryStore()) {
  vi.stubEnv('NODE_ENV', mode)
  planted = 0
  isBorn = true
  const kit = testHub([d, stillborn], { store })
  const tab = await kit.open()
  const view = await tab.watch(d)
  return { ...kit, tab, view, fails: (call: Promise<unknown>) => failure(kit.clock, call) }
}

const heard = (tab: TestTab) => `${JSON.stringify(tab.wire.received)} ${tab.reports.join(' ')}`

describe.each(['production', 'test', 'development'])('in %s', (mode) => {
  it('a page reads a reference of whatever an event throws, and it stands in the log', async () => {
    const { view, fails, log } = await open(mode)
    const { throws, rejects, text, object, many, disguised, disguisedTask, around, steps, checked } = view
    const calls = [throws, rejects, text, object, many, disguised, disguisedTask, around, steps]
    for (const call of [...calls, () => checked('a')]) {
      const error = await fails(call())
      expect(error.code).toMatch(/^handler-failed$/)
      const [, reference] = /^Something went wrong \(reference ([0-9a-f]{8})\)\.$/.exec(error.message) ?? []
      expect(reference, error.message).toBeDefined()
      expect(log.lines.join('\n')).toContain(`(reference ${reference})`)
    }
    expect(planted).toBeGreaterThanOrEqual(9)
  })

  it('of a task the same', async () => {
    const { view, tab, done, clock, log, fails } = await open(mode)
    for (const name of ['fails', 'again', 'inBlock', 'generator'] as const) {
      await done(view[name].start())
      await clock.advance(2_000)
      const { code, message } = tab.state(d)[name].error ?? {}
      expect(code).toBe('task-failed')
      expect(message).toMatch(/^Something went wrong \(reference [0-9a-f]{8}\)\.$/)
      expect(log.lines.join('\n')).toContain(message?.slice(-20, -1))
    }
    expect((await fails(view.checkedStart.start('a'))).message).toMatch(/^Something went wrong/)
  })

  it('a page reads the words of a refusal as they are, and the log does not have them', async () => {
    const { view, tab, done, fails, log } = await open(mode)
    expect(await fails(view.refuses())).toMatchObject({ code: 'handler-failed', message: 'All seats are taken.' })
    expect((await fails(view.refusesLong())).message).toHaveLength(500)
    expect((await fails(view.forbids())).message).toBe('Not for you.')
    await done(view.declines.start())
    expect(tab.state(d).declines.error).toEqual({ code: 'task-failed', message: 'The shop is closed.' })
    expect(log.lines.filter((line) => !line.includes('Computed'))).toEqual([])
  })
})

it('nothing that was planted reaches a page in production', async () => {
  const { view, tab, fails, done, clock, hub } = await open('production')
  for (const name of ['throws', 'rejects', 'text', 'object', 'many', 'disguised', 'disguisedTask', 'around'] as const)
    await fails(view[name]())
  await fails(view.steps())
  await fails(view.checked('a'))
  for (const name of ['fails', 'again', 'inBlock', 'generator'] as const) await done(view[name].start())
  await done(view.begins())
  const watched = tab.watch(stillborn)
  isBorn = false
  await watched
  await clock.advance(5_000)
  expect(planted).toBeGreaterThanOrEqual(17)
  expect(heard(tab)).not.toContain('planted')
  tab.drop()
  await tab.reconnect()
  expect(heard(tab)).not.toContain('planted')
  await hub.close()
})

it('a call that is sent again reads the same reference', async () => {
  const { view, tab, clock, fails } = await open('production')
  const first = await fails(view.throws())
  const hello = tab.wire.received.length
  tab.wire.deaf = true
  const second = failure(clock, view.throws())
  await clock.settle()
  tab.drop()
  tab.wire.deaf = false
  await tab.reconnect()
  expect(tab.wire.received.length).toBeGreaterThan(hello)
  expect((await second).message).toBe(first.message)
})

it.each(['test', 'development'])('in %s what was thrown is the cause of what a page reads', async (mode) => {
  const { view, fails } = await open(mode)
  const error = await fails(view.throws())
  expect((error.cause as Error).message).toMatch(/^postgres:.*\n\nVisitors will read "Something went wrong \(ref/s)
  expect((await fails(view.refuses())).cause).toBeUndefined()
})

it('a server that does not say that it is for authors tells no more than in production', async () => {
  for (const mode of ['', 'staging']) {
    const { view, tab, fails } = await open(mode)
    await fails(view.throws())
    expect(heard(tab)).not.toContain('planted')
  }
})

it('what a store says about its host and its folder is for the log', async () => {
  const memory = memoryStore()
  let isBroken = false
  const say = () => {
    if (isBroken) throw new Error(secret())
  }
  const sayOurs =
    (code: 'load-failed' | 'store-unreachable' | 'store-misconfigured' | 'store-not-writable' | 'hub-closed') => () => {
      if (isBroken) throw new HeldStateError(code, secret())
    }
  const breaks = [
    say,
    ...(['load-failed', 'store-unreachable', 'store-misconfigured', 'store-not-writable', 'hub-closed'] as const).map(
      sayOurs,
    ),
  ]
  for (const fail of breaks) {
    isBroken = false
    const store = {
      ...memory,
      save: (...args: Parameters<typeof memory.save>) => (fail(), memory.save(...args)),
      load: (...args: Parameters<typeof memory.load>) => (fail(), memory.load(...args)),
    }
    const { view, tab, open: another, clock } = await open('production', store)
    isBroken = true
    for (const call of [view.refuses, view.steps, view.throws]) void call().catch(() => {})
    const other = await another()
    void other.watch(d)
    void other
      .state(d)
      .throws()
      .catch(() => {})
    await clock.advance(1_000)
    tab.drop()
    await tab.reconnect()
    expect(heard(tab) + heard(other)).not.toContain('planted')
    expect(planted).toBeGreaterThan(1)
  }
})

it('a refusal of another copy of the library is one', () => {
  vi.resetModules()
  expect(new OtherRefusal('a') instanceof Refusal).toBe(true)
  expect(Object.assign(new Error('a'), { [Symbol.for('heldstate.refusal')]: true }) instanceof Refusal).toBe(true)
  expect(new Refusal('a') instanceof Forbidden).toBe(false)
  expect(new Forbidden('a') instanceof Refusal).toBe(true)
  expect(new Error('a') instanceof Refusal).toBe(false)
  expect(([null] as unknown[])[0] instanceof Refusal).toBe(false)
})

describe('in production a message for developers becomes a sentence for visitors', () => {
  const shop = defineState('shop', () => ({ text: '', n: 0 }))
    .tasks((background) => ({
      only: background({ concurrency: 'single' }, async ({ sleep }, _name: string) => sleep(60_000)),
    }))
    .events((on) => ({
      fill: on((s, length: number) => {
        s.text = 'x'.repeat(length)
      }),
      misspelt: on((s) => {
        Object.assign(s, { m: 1 })
      }),
      hangs: on({ timeout: '1s' }, () => new Promise<void>(() => {})),
    }))

  const messages = async (mode: string) => {
    vi.stubEnv('NODE_ENV', mode)
    const kit = testHub([shop], { limits: { stateBytes: 100_000 } })
    const tab = await kit.open()
    const { only, fill, misspelt, hangs } = await tab.watch(shop)
    await kit.done(only.start('a'))
    const calls = [() => only.start('b'), () => fill(200_000), () => misspelt(), () => hangs()]
    const said: string[] = []
    for (const call of calls) {
      const failed = call().then(
        () => 'done',
        ({ message }: HeldStateError) => message,
      )
      await kit.clock.advance(2_000)
      said.push(await failed)
    }
    return { said, log: kit.log.lines.join('\n') }
  }

  it('and the log has the original of each fault of the app', async () => {
    const { said, log } = await messages('production')
    expect(said).toEqual([
      'This is already running.',
      'There is no room for more data here. Nothing was changed.',
      'Something went wrong on the server.',
      'This took too long and was stopped.',
    ])
    expect(log).toContain('"m" is not a field of state "shop"')
    expect(log).toContain('limit "stateBytes"')
  })

  it('which a test and development do not see', async () => {
    const { said } = await messages('test')
    expect(said.join('\n')).toMatch(
      /^Task "only" is already running with other arguments.*\n.*"stateBytes".*\n"m" is not a field/,
    )
  })
})
