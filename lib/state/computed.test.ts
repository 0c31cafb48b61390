import { describe, expect, it } from 'vitest'
import { defineState } from '../doors/authors.js'
import { done } from '../testing/await.fixture.js'
import { testHub } from '../testing/kit.js'

const calls: Record<string, number> = {}
const count = (name: string) => {
  calls[name] = (calls[name] ?? 0) + 1
}

const d = defineState('d', () => ({
  a: 1,
  b: 1,
  rows: [1, 2, 3],
  user: { name: 'x', address: { city: 'y' } },
  byId: { one: { n: 1 } } as Record<string, { n: number }>,
  fails: false,
}))
  .private(() => ({ secret: 2 }))
  .computed({
    double: (s) => {
      count('double')
      return s.a * 2
    },
    sum: (s) => {
      count('sum')
      return s.rows.reduce((sum, n) => sum + n, 0)
    },
    city: (s) => {
      count('city')
      return s.user.address.city
    },
    fromSecret: (s) => {
      count('fromSecret')
      return s.secret > 1
    },
    hasTwo: (s) => {
      count('hasTwo')
      return Object.hasOwn(s.byId, 'two')
    },
    inTwo: (s) => 'two' in s.byId,
    keys: (s) => Object.keys(s.byId).join(),
    copy: (s) => ({ ...s.user }),
    fresh: (s) => [s.a > 0, { positive: s.a > 0 }],
  })
  .computed({
    quadruple: (s) => {
      count('quadruple')
      return s.double * 2
    },
    risky: (s) => {
      if (s.fails) throw new Error('risky')
      return s.b
    },
  })
  .events((on) => ({
    setA: on((s, a: number) => {
      s.a = a
    }),
    setB: on((s, b: number) => {
      s.b = b
    }),
    push: on((s, n: number) => {
      s.rows.push(n)
    }),
    rename: on((s, name: string) => {
      s.user.name = name
    }),
    move: on((s, city: string) => {
      s.user.address.city = city
    }),
    setSecret: on((s, secret: number) => {
      s.secret = secret
    }),
    addTwo: on((s) => {
      s.byId.two = { n: 2 }
    }),
    fail: on((s, fails: boolean) => {
      s.fails = fails
      s.a += 1
    }),
  }))

async function open() {
  const kit = testHub([d])
  const tab = await kit.open()
  const state = await tab.watch(d)
  for (const name of Object.keys(calls)) calls[name] = 0
  return { ...kit, tab, state, d: () => tab.state(d) }
}

describe('a computed value', () => {
  it('is there with its first value, and follows what it reads', async () => {
    const { clock, state, d } = await open()
    expect(state).toMatchObject({ double: 2, quadruple: 4, sum: 6, city: 'y', fromSecret: true, hasTwo: false })
    await done(clock, state.setA(5))
    expect(d()).toMatchObject({ double: 10, quadruple: 20 })
    await done(clock, state.push(4))
    expect(d().sum).toBe(10)
    await done(clock, state.move('z'))
    expect(d()).toMatchObject({ city: 'z', copy: { name: 'x', address: { city: 'z' } } })
    await done(clock, state.addTwo())
    expect(d()).toMatchObject({ hasTwo: true, inTwo: true, keys: 'one,two' })
  })

  it('is computed again only when something it read has changed', async () => {
    const { clock, state } = await open()
    await done(clock, state.setB(2))
    expect(calls).toMatchObject({ double: 0, sum: 0, city: 0, quadruple: 0, fromSecret: 0, hasTwo: 0 })
    await done(clock, state.rename('another'))
    expect(calls.city).toBe(0)
    await done(clock, state.setA(2))
    expect(calls).toMatchObject({ double: 1, quadruple: 1, sum: 0, city: 0 })
    await done(clock, state.setSecret(3))
    expect(calls).toMatchObject({ fromSecret: 1, double: 1 })
  })

  it('is sent only when its value changed, however deep it is compared', async () => {
    const { clock, state, tab } = await open()
    const patches = () => (tab.wire.received.at(-1) as unknown as unknown[][])[1]?.[3]
    await done(clock, state.setSecret(3))
    expect(patches()).toEqual([])
    await done(clock, state.setA(2))
    expect(patches()).toEqual([
      [[0, 'a'], 2],
      [[0, 'double'], 4],
      [[0, 'quadruple'], 8],
    ])
    await done(clock, state.setSecret(0))
    expect(patches()).toEqual([[[0, 'fromSecret'], false]])
  })

  it('that throws is logged and missing, while the fields it is derived from are shown; it comes back', async () => {
    const { clock, state, d, log } = await open()
    await done(clock, state.fail(true))
    expect(d()).toMatchObject({ fails: true, a: 2, double: 4 })
    expect(d()).not.toHaveProperty('risky')
    await done(clock, state.setA(5))
    expect(d()).toMatchObject({ a: 5, double: 10, quadruple: 20 })
    expect(log.lines).toEqual([expect.stringContaining('Computed "risky" of state "d" threw')])
    await done(clock, state.fail(false))
    expect(d()).toMatchObject({ a: 6, risky: 1, double: 12 })
  })

  it.each([
    [
      'a field',
      (s: { n: number }) => {
        s.n = 1
      },
    ],
    [
      'a nested field',
      (s: { deep: { n: number } }) => {
        s.deep.n = 1
      },
    ],
    ['a list', (s: { rows: number[] }) => s.rows.push(1)],
    ['a list, by sorting it', (s: { rows: number[] }) => s.rows.sort()],
    [
      'a list, through its descriptor',
      (s: { rows: number[] }) => Object.getOwnPropertyDescriptor(s, 'rows')?.value.push(1),
    ],
    [
      'an object, through its descriptor',
      (s: object) => {
        Object.getOwnPropertyDescriptor(s, 'deep')?.value &&
          (Object.getOwnPropertyDescriptor(s, 'deep')?.value as { n: number }) &&
          ((Object.getOwnPropertyDescriptor(s, 'deep')?.value as { n: number }).n = 1)
      },
    ],
    ['a Map', (s: { map: Map<string, number> }) => s.map.set('b', 1)],
  ])('that mutates %s throws, and changes nothing', (_, mutate) => {
    const wrong = defineState('w', () => ({ n: 0, deep: { n: 0 }, rows: [2, 1], map: new Map([['a', 1]]) })).computed({
      bad: (s) => mutate(s as never),
    })
    expect(() => wrong.manifest).toThrow(expect.objectContaining({ code: 'immutable-state' }))
  })

  it('that is no value of state is refused with its name', () => {
    const wrong = defineState('w', () => ({ n: 0 })).computed({ bad: () => () => {} })
    expect(() => wrong.manifest).toThrow(/w\.bad/)
  })
})
