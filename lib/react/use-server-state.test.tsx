// @vitest-environment happy-dom
import { memo, type ReactElement, StrictMode } from 'react'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type ClientView, defineState, Refusal } from '../doors/authors.js'
import { HeldStateError, useServerState } from '../doors/react.js'
import { stub } from '../state/stub.js'
import { failure } from '../testing/await.fixture.js'
import { openPage } from './page.fixture.js'

const received: unknown[][] = []
const d = defineState('d', () => ({ n: 0, other: 0, rows: [{ name: 'a' }, { name: 'b' }] }))
  .tasks((background) => ({
    work: background(async ({ progress, sleep }, ...args: unknown[]) => {
      received.push(args)
      progress(0.5)
      await sleep(100)
    }),
  }))
  .events((on) => ({
    add: on((s, by: number = 1) => {
      s.n += by
    }),
    touch: on((s) => {
      s.other += 1
    }),
    rename: on((s, index: number, name: string) => {
      ;(s.rows[index] as { name: string }).name = name
    }),
    takes: on((_s, ...args: unknown[]) => {
      received.push(args)
    }),
    fails: on(() => {
      throw new Refusal('no')
    }),
  }))
const elsewhere = defineState('elsewhere', () => ({ n: 0 }))
type View = ClientView<typeof d>

let complaints: unknown[][] = []

beforeEach(() => {
  received.length = 0
  complaints = []
  vi.spyOn(console, 'error').mockImplementation((...given) => void complaints.push(given))
})

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  document.body.replaceChildren()
})

/** A component that keeps what it was given in each render. */
function probe<T>(use: () => T) {
  const seen: T[] = []
  const Probe = () => {
    seen.push(use())
    return <p>{JSON.stringify(seen.at(-1))}</p>
  }
  return { Probe, seen, now: () => seen.at(-1) as T }
}

async function shown<T>(use: () => T, wrap = (node: ReactElement) => node) {
  const page = openPage([d, elsewhere])
  const { Probe, seen, now } = probe(use)
  await page.show(wrap(<Probe />))
  await page.live()
  const renders = seen.length
  return { ...page, seen, now, /** Renders since the page was live. */ renders: () => seen.length - renders }
}

const whole = () => useServerState(d)

describe('a component', () => {
  it('shows first values, then what the hub holds, and follows each change', async () => {
    const { now, seen, hub, tab, done, text, advance } = await shown(whole)
    expect(seen[0]).toMatchObject({ n: 0, rows: [{ name: 'a' }, { name: 'b' }], work: { running: 0, progress: null } })
    await done(() => now().add(2))
    expect(JSON.parse(text() ?? '')).toMatchObject({ n: 2 })
    await hub.modifyState(tab.token, d, (s) => void (s.n = 7))
    await advance(20)
    expect(JSON.parse(text() ?? '')).toMatchObject({ n: 7 })
    expect(complaints).toEqual([])
  })

  it('works in StrictMode, over one connection and one watch', async () => {
    const { now, done, tab, text, sent } = await shown(whole, (node) => <StrictMode>{node}</StrictMode>)
    await done(() => now().add())
    expect(JSON.parse(text() ?? '')).toMatchObject({ n: 1 })
    expect(tab.wire.received.filter(([name]) => name === 'w')).toHaveLength(1)
    expect(sent.filter(([name]) => name === 'watch')).toEqual([])
    expect(complaints).toEqual([])
  })

  it('that is gone at once opens no connection, and one that stays does', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const page = openPage([d])
    const start = vi.spyOn(page.tab.wire, 'start')
    const { Probe } = probe(whole)
    const root = await page.show(<Probe />)
    await page.acting(async () => root.unmount())
    vi.runAllTimers()
    expect(start).not.toHaveBeenCalled()
    await page.show(<Probe />)
    expect(start).not.toHaveBeenCalled()
    vi.runAllTimers()
    expect(start).toHaveBeenCalledOnce()
  })

  it('that is gone is told of no change any more, while others are', async () => {
    const page = openPage([d])
    let asked = 0
    const Gone = () =>
      useServerState(d, ({ n }) => {
        asked += 1
        return n
      })
    const stays = probe(() => useServerState(d).n)
    const root = await page.show([<Gone key="gone" />, <stays.Probe key="stays" />])
    await page.live()
    await page.acting(async () => root.render([false, <stays.Probe key="stays" />]))
    asked = 0
    const { tab, hub, advance } = page
    await hub.modifyState(tab.token, d, (s) => void (s.n = 7))
    await advance(20)
    expect(stays.now()).toBe(7)
    expect(asked).toBe(0)
    expect(complaints).toEqual([])
  })

  it('may hold a stub in place of the definition, as it does in a browser', async () => {
    const stubbed = stub(d.manifest) as typeof d
    const { now, done } = await shown(() => useServerState(stubbed))
    await done(() => now().add(3))
    expect(now().n).toBe(3)
  })
})

describe('renders', () => {
  it('are one for each delta of this state, and none for another one or for an event that changed nothing', async () => {
    const { now, done, hub, tab, advance, renders } = await shown(whole)
    await done(() => Promise.all([now().add(), now().add(), now().touch()]))
    expect(renders()).toBe(1)
    await done(() => now().add(0))
    await hub.modifyState(tab.token, elsewhere, (s) => void (s.n = 1))
    await advance(20)
    expect(renders()).toBe(1)
  })

  it('with a selector come only when its selection is another value', async () => {
    const { now, done, tab, renders } = await shown(() => useServerState(d, (s) => s.n > 2))
    const { add, touch, rename } = tab.state(d)
    await done(() => add())
    await done(() => touch())
    await done(() => rename(0, 'x'))
    expect(renders()).toBe(0)
    await done(() => add(5))
    expect([renders(), now()]).toEqual([1, true])
  })

  it('with a selected part come only when something in that part changed', async () => {
    const { now, done, tab, renders } = await shown(() => useServerState(d, (s) => s.rows[1]))
    const { add, rename } = tab.state(d)
    await done(() => add())
    await done(() => rename(0, 'x'))
    expect(renders()).toBe(0)
    await done(() => rename(1, 'y'))
    expect([renders(), now()]).toEqual([1, { name: 'y' }])
  })

  it('use the selector of the present render', async () => {
    const page = openPage([d])
    const Name = ({ index }: { index: number }) => useServerState(d, (s) => s.rows[index]?.name)
    const root = await page.show(<Name index={0} />)
    await page.live()
    await page.acting(async () => root.render(<Name index={1} />))
    expect(page.text()).toBe('b')
    await page.done(() => page.tab.state(d).rename(1, 'y'))
    expect(page.text()).toBe('y')
  })

  it('end with a selector that makes a new object each time, and come again only when something in it changed', async () => {
    const { now, done, tab, renders } = await shown(() => useServerState(d, ({ n, rows }) => ({ n, rows: [...rows] })))
    const before = renders()
    await done(() => tab.state(d).touch())
    expect(renders()).toBe(before)
    await done(() => tab.state(d).add())
    expect([renders(), now().n]).toEqual([before + 1, 1])
  })
})

describe('what the hook returns', () => {
  it('is one flat frozen plain object, and its parts are frozen that can be called', async () => {
    const { now } = await shown(whole)
    expect(Object.isFrozen(now())).toBe(true)
    expect(Object.isFrozen(now().work)).toBe(true)
    expect(Object.getPrototypeOf(now())).toBe(Object.prototype)
    expect(Object.keys(now()).sort()).toEqual([
      'add',
      'fails',
      'n',
      'other',
      'rename',
      'rows',
      'takes',
      'touch',
      'work',
    ])
    expect(() => {
      ;(now() as { n: number }).n = 5
    }).toThrow(TypeError)
  })

  it('is frozen however deep', async () => {
    const { now } = await shown(whole)
    expect(() => {
      ;(now().rows[0] as { name: string }).name = 'x'
    }).toThrow(TypeError)
  })

  it('is another object after a change, and the one before shows what it showed', async () => {
    const { now, done } = await shown(whole)
    const before = now()
    await done(() => before.add())
    expect([before.n, now().n]).toEqual([0, 1])
    expect(now().rows).toBe(before.rows)
  })

  it('has the same functions in each render, and a task handle that is another one when its status changed', async () => {
    const { now, done, advance, seen } = await shown(whole)
    await done(() => now().add())
    await done(() => now().work.start())
    await advance(200)
    expect(seen.length).toBeGreaterThan(3)
    expect(seen.map(({ work: { running } }) => running)).toContain(1)
    for (const name of ['add', 'rename'] as const) expect(new Set(seen.map((view) => view[name])).size).toBe(1)
    for (const name of ['start', 'cancel'] as const) expect(new Set(seen.map(({ work }) => work[name])).size).toBe(1)
    const after = now()
    await done(() => now().add())
    expect(now().work).toBe(after.work)
  })

  it('lets a memoized child alone that is only given its functions', async () => {
    let renders = 0
    const Child = memo((_: Pick<View, 'add'> & { start: View['work']['start'] }) => {
      renders += 1
      return null
    })
    const page = openPage([d])
    const Parent = () => {
      const { n, add, work } = useServerState(d)
      return (
        <>
          {n}
          <Child add={add} start={work.start} />
        </>
      )
    }
    await page.show(<Parent />)
    await page.live()
    await page.done(() => page.tab.state(d).add(4))
    expect(page.text()).toBe('4')
    expect(renders).toBe(1)
  })

  it('is the same object for all components, and the state is watched once', async () => {
    const page = openPage([d])
    const [first, second] = [probe(whole), probe(whole)]
    await page.show([<first.Probe key="1" />, <second.Probe key="2" />])
    await page.live()
    expect(second.now()).toBe(first.now())
    expect(page.tab.wire.received.find(([name]) => name === 'w')?.[4]).toHaveLength(1)
  })
})

describe('an event function', () => {
  it('resolves when the page can show its effect', async () => {
    const { now, done, tab } = await shown(whole)
    let seen: number | undefined
    await done(async () => {
      await now().add(3)
      seen = tab.state(d).n
    })
    expect(seen).toBe(3)
  })

  it('rejects with a typed error, and the component stays', async () => {
    const { now, clock, acting, done } = await shown(whole)
    const error = await acting(() => failure(clock, now().fails()))
    expect(error).toBeInstanceOf(HeldStateError)
    expect(error).toMatchObject({ code: 'handler-failed', message: expect.stringContaining('no') })
    await done(() => now().add())
    expect(now().n).toBe(1)
  })

  it('as a click handler, and a task handle as well, sends nothing of the event of React', async () => {
    const page = openPage([d])
    const Buttons = () => {
      const { takes, work } = useServerState(d)
      return (
        <>
          <button type="button" id="event" onClick={takes} />
          <button type="button" id="start" onClick={work.start} />
          <button type="button" id="cancel" onClick={work.cancel} />
          <button type="button" id="wrapped" onClick={(event) => takes(event, 1)} />
        </>
      )
    }
    await page.show(<Buttons />)
    await page.live()
    for (const id of ['event', 'start', 'cancel', 'wrapped']) await page.click(`#${id}`)
    expect(page.sent).toEqual([
      ['call', 0, expect.any(Number), 'd', 'takes'],
      ['call', 0, expect.any(Number), 'd', 'work'],
      ['cancel', 0, expect.any(Number), 'd', 'work'],
      ['call', 0, expect.any(Number), 'd', 'takes'],
    ])
    expect(received).toEqual([[], [], []])
    expect(complaints).toEqual([])
  })
})

describe('pending', () => {
  it('is true from the call to its effect, and shown to who reads it', async () => {
    const seen: unknown[] = []
    const { now, done, tab } = await shown(() => {
      const c = useServerState(d)
      seen.push([c.n, c.add.pending])
      return c
    })
    seen.length = 0
    tab.wire.deaf = true
    void now().add()
    await done(async () => {})
    expect(seen).toEqual([[0, true]])
    tab.wire.deaf = false
    tab.drop()
    await done(() => tab.reconnect())
    expect(seen.at(-1)).toEqual([1, false])
  })

  it('ends with a failure too', async () => {
    const { now, done, seen } = await shown(() => {
      const { fails } = useServerState(d)
      return { fails, pending: fails.pending }
    })
    await done(() =>
      now()
        .fails()
        .catch(() => {}),
    )
    expect(seen.slice(-2).map(({ pending }) => pending)).toEqual([true, false])
  })

  it('renders nothing again for who does not read it', async () => {
    const { now, done, renders } = await shown(whole)
    await done(() => now().touch())
    expect([renders(), now().other]).toEqual([1, 1])
  })
})
