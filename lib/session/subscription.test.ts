/** Two subscriptions on one socket: to the state of the tab itself, and to that of another token, at an address that the test gives. */
import { expect, it } from 'vitest'
import { defaultLimits } from '../base/limits.js'
import { processLimits } from '../base/server-limits.js'
import { defineState } from '../doors/authors.js'
import type { HubOptions } from '../hub/options.js'
import { signToken } from '../instance/token.js'
import { protocolVersion } from '../protocol/version.js'
import { memoryStore } from '../store/memory.js'
import { testHub } from '../testing/kit.js'
import type { Subscription } from './subscription.js'

const free: Record<string, () => void> = {}

const list = defineState('list', () => ({ names: [] as string[], text: '' })).events((on) => ({
  add: on((s, name: string) => {
    s.names.push(name)
  }),
  /** Holds the lock until the test says so. */
  slow: on(async (s, name: string) => {
    await new Promise<void>((resolve) => {
      free[name] = resolve
    })
    s.names.push(name)
  }),
  fill: on((s, length: number) => {
    s.text = 'x'.repeat(length)
  }),
}))

interface Said {
  readonly name: unknown
  readonly args: readonly unknown[]
}

async function two(options: Partial<HubOptions> = {}) {
  const kit = testHub([list], options as never)
  const other = await kit.open()
  await other.watch(list)
  const { token } = other
  const said: { own: Said[]; other: Said[] } = { own: [], other: [] }
  const messages: string[] = []
  let unread = 0
  let isReading = true
  const connection = {
    onTaken: undefined as { taken(): void } | undefined,
    written: 0,
    get unread() {
      return unread
    },
    send(name: string, ...args: unknown[]) {
      const bytes = JSON.stringify([name, ...args]).length
      this.written += bytes
      if (!isReading) unread += bytes
      messages.push(name)
      if (name === 'd')
        for (const change of args as unknown[][]) said[change[0] === 0 ? 'own' : 'other'].push({ name, args: change })
      else said[args[0] === 1 ? 'other' : 'own'].push({ name, args })
    },
    close() {
      closed += 1
    },
    pause() {},
    resume() {},
  }
  let closed = 0
  const page = 'a'.repeat(32)
  const session = kit.hub.connect(
    connection as never,
    { version: protocolVersion, page, subscriptions: [[0, 'tab', ['list']]] },
    'browser',
  )
  await kit.clock.settle()
  kit.hub.addresses.set('other', () => token)
  session.receive('open', [1, 'other', ['list']])
  await kit.clock.settle()
  const second = session.subscriptions[1] as Subscription
  const call = ({ number }: Subscription, id: number, member: string, ...args: unknown[]) =>
    session.receive('call', [number, id, 'list', member, args], 20)
  /** Ids of calls that were settled, in their order; those that failed with their code. */
  const settled = (of: readonly Said[]) =>
    of.flatMap(({ name, args }) =>
      name === 'd' ? ((args[4] ?? []) as unknown[][]).map(([id, code]) => (code === undefined ? id : [id, code])) : [],
    )
  const names = (of: string) => (kit.hub.instance(of).state.list as { names: string[] } | undefined)?.names ?? []
  return {
    ...kit,
    session,
    own: session.own,
    second,
    token,
    said,
    messages,
    call,
    settled,
    names,
    closed: () => closed,
    connection,
    stop: () => {
      isReading = false
    },
    read: () => {
      isReading = true
      unread = 0
      connection.onTaken?.taken()
    },
  }
}

it('each is welcomed with its own state, over one socket', async () => {
  const { said, token, hub, session } = await two()
  expect(said.own.map(({ name }) => name)).toEqual(['hi', 'w'])
  expect(said.other[0]?.name).toBe('w')
  expect(hub.sessions.size).toBe(2) // the tab whose state the second one is of, and this page
  expect(hub.instance(token).watchers.size).toBe(2)
  expect(session.subscriptions.map(({ instance }) => instance.token === token)).toEqual([false, true])
})

it('each has its own lock: a call that waits in one does not hold up the other', async () => {
  const { call, own, second, clock, said, settled, names, token } = await two()
  call(own, 1, 'slow', 'first')
  call(own, 2, 'add', 'second')
  call(second, 3, 'add', 'third')
  await clock.advance(50)
  expect(settled(said.own)).toEqual([])
  expect(settled(said.other)).toEqual([3])
  expect(names(token)).toEqual(['third'])
  free.first?.()
  await clock.advance(50)
  expect(settled(said.own)).toEqual([1, 2])
})

it('each keeps the order of its calls, over a store that takes its time', async () => {
  const memory = memoryStore()
  const save = async (...[token, next]: Parameters<typeof memory.save>) => {
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve()
    await memory.save(token, next)
  }
  const { call, own, second, clock, said, settled, names, token } = await two({ store: { ...memory, save } })
  for (let id = 1; id <= 20; id += 1) call(id % 3 === 0 ? second : own, id, 'add', `${id}`)
  await clock.advance(100)
  const all = Array.from({ length: 20 }, (_, index) => index + 1)
  expect(settled(said.own)).toEqual(all.filter((id) => id % 3 !== 0))
  expect(settled(said.other)).toEqual(all.filter((id) => id % 3 === 0))
  expect(names(token)).toEqual(all.filter((id) => id % 3 === 0).map(String))
  expect(names(own.instance.token)).toEqual(all.filter((id) => id % 3 !== 0).map(String))
})

it('a call that is sent again has its effect once in each', async () => {
  const { call, second, own, clock, names, token } = await two()
  for (const subscription of [own, second, own, second]) call(subscription, 1, 'add', 'once')
  await clock.advance(50)
  expect(names(token)).toEqual(['once'])
  expect(names(own.instance.token)).toEqual(['once'])
})

it('both end with their socket, and the instance that nobody watches any more says so', async () => {
  const { session, hub, closed, token, own } = await two()
  hub.disconnected(session)
  expect(closed()).toBe(1)
  expect(hub.instance(token).watchers.size).toBe(1)
  expect(own.instance.watchers.size).toBe(0)
})

it('a lost state ends the socket, and with it both', async () => {
  const { session, second, clock } = await two()
  second.closeConnection()
  await clock.settle()
  expect(session.phase).toBe('closed')
})

it('the bound of waiting calls is that of the page', async () => {
  const limits = { ...defaultLimits, callsPerTab: 5 }
  const { call, own, second, clock, said, settled } = await two({ limits })
  call(own, 1, 'slow', 'own')
  call(second, 2, 'slow', 'other')
  for (let id = 3; id <= 12; id += 1) call(id % 2 === 0 ? second : own, id, 'add', `${id}`)
  await clock.advance(50)
  const refused = [...settled(said.own), ...settled(said.other)].filter((end) => Array.isArray(end))
  expect(refused.map((end) => (end as unknown[])[1])).toEqual(Array.from({ length: 5 }, () => 'inbox-full'))
  free.own?.()
  free.other?.()
  await clock.advance(50)
})

it('a page that does not read is sent nothing further of either, and one difference of each when it has read', async () => {
  const { hub, own, token, clock, said, stop, read } = await two()
  stop()
  await hub.modifyState(own.instance.token, list, (s) => void (s.text = 'x'.repeat(400_000)))
  await clock.advance(50)
  const counts = [said.own.length, said.other.length]
  for (let turn = 0; turn < 20; turn += 1) {
    void hub.modifyState(token, list, (s) => void s.names.push(`${turn}`))
    void hub.modifyState(own.instance.token, list, (s) => void s.names.push(`${turn}`))
    await clock.advance(20)
  }
  expect([said.own.length, said.other.length]).toEqual(counts)
  read()
  await clock.advance(50)
  expect([said.own.length, said.other.length]).toEqual(counts.map((count) => count + 1))
})

it('of a page that reads slowly, each subscription has its turn', async () => {
  const { hub, own, token, clock, said, stop, read } = await two()
  for (let turn = 0; turn < 8; turn += 1) {
    stop()
    for (const of of [own.instance.token, token])
      void hub.modifyState(of, list, (s) => void (s.text = `${turn}`.repeat(400_000)))
    await clock.advance(50)
    read()
  }
  const of = (all: readonly Said[]) => all.filter(({ name }) => name === 'd').length
  expect(of(said.other)).toBeGreaterThan(3)
  expect(of(said.own)).toBeGreaterThan(3)
})

it('a page that asks one of them for the whole again is sent that one alone', async () => {
  const { session, second, clock, said } = await two()
  await clock.advance(processLimits.resyncPauseMs)
  const before = [said.own.length, said.other.length]
  session.receive('resync', [second.number], 10)
  await clock.advance(50)
  expect([said.own.length, said.other.length]).toEqual([before[0], (before[1] as number) + 1])
})

it('a call is known by its page and its id, whatever the number of its subscription', async () => {
  const { session, clock, names, token } = await two()
  session.receive('call', [1, 5, 'list', 'add', ['once']], 20)
  await clock.advance(50)
  session.receive('close', [1])
  session.receive('open', [2, 'other', ['list']])
  await clock.advance(50)
  session.receive('call', [2, 5, 'list', 'add', ['once']], 20)
  await clock.advance(50)
  expect(names(token)).toEqual(['once'])
})

it('a page that has as many subscriptions as it may is refused one more, by name', async () => {
  const { session, clock, hub, said } = await two()
  for (let number = 2; number < 40; number += 1) {
    hub.addresses.set(`board ${number}`, () => `${number}`.padStart(32, '0'))
    session.receive('open', [number, `board ${number}`, ['list']])
  }
  await clock.advance(50)
  expect(session.subscriptions).toHaveLength(16)
  expect(said.own.filter(({ name, args }) => name === 'closed' && args[1] === 'too-many-states')).toHaveLength(24)
  expect(session.phase).toBe('open')
})

it('a page that asks for what is refused again and again is closed, and does not fill the memory with answers', async () => {
  const { session, said, closed, clock } = await two()
  for (let number = 2; number < 5_000; number += 1) session.receive('open', [number, 'nowhere', []])
  await clock.advance(50)
  expect(said.own.length + said.other.length).toBeLessThan(150)
  expect([session.phase, closed()]).toEqual(['closed', 1])
})

it('the same call over two connections has its effect once, also while it is on its way to the store', async () => {
  const memory = memoryStore()
  const saves: (() => void)[] = []
  let isSlow = false
  const save = async (...[token, next]: Parameters<typeof memory.save>) => {
    if (isSlow) await new Promise<void>((resolve) => void saves.push(resolve))
    await memory.save(token, next)
  }
  const { hub, session, clock, own, connection } = await two({ store: { ...memory, save } })
  const { secrets } = hub.callers
  const signed = signToken(own.instance.token, 'browser', secrets[0])
  const hello = { version: protocolVersion, page: 'b'.repeat(32), token: signed, subscriptions: [[0, 'tab', ['list']]] }
  const after = hub.connect({ ...connection } as never, { ...hello, formers: [['c'.repeat(32), 1]] }, 'browser')
  const beside = hub.connect(
    { ...connection } as never,
    { ...hello, page: 'd'.repeat(32), formers: [['c'.repeat(32), 1]] },
    'browser',
  )
  await clock.settle()
  isSlow = true
  for (const each of [after, beside]) each.receive('call', [0, 7, 'list', 'add', ['once'], 0], 20)
  await clock.advance(50)
  isSlow = false
  for (const go of saves) go()
  await clock.advance(50)
  expect((hub.instance(own.instance.token).state.list as { names: string[] }).names).toEqual(['once'])
  expect([after, beside].map(({ own: { settled } }) => settled)).toEqual([[], []])
  expect(session.phase).toBe('open')
})

it('one that waits before it is loaded once more leaves no timer when it ends', async () => {
  const { second, clock } = await two()
  const before = clock.running
  const paused = second.pause(1_000)
  expect(clock.running).toBe(before + 1)
  second.close()
  await paused
  expect([second.isClosed, clock.running]).toEqual([true, before])
})
