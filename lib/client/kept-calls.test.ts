/** Calls that outlive their page: 100 clicks without a connection, and then a reload. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { describe, expect, it } from 'vitest'
import { defineState } from '../doors/authors.js'
import { memoryStore } from '../doors/server.js'
import type { ClientView } from '../state/definition.js'
import { TestTab, testHub } from '../testing/kit.js'
import { shownOf } from './mirror.js'
import { StateHandle } from './state-handle.js'

const hold: (() => void)[] = []

/** Takes its time. */
const patient: StandardSchemaV1<string> = {
  '~standard': {
    version: 1,
    vendor: 'a test',
    validate: async (value) => {
      await new Promise<void>((resolve) => void hold.push(resolve))
      return { value: value as string }
    },
  },
}

const d = defineState('d', () => ({ n: 0, names: [] as string[] }))
  .tasks((background) => ({
    work: background(async ({ sleep }) => sleep(1_000_000)),
    checked: background({ input: patient }, async ({ sleep }) => sleep(1_000_000)),
  }))
  .events((on) => ({
    add: on((s) => {
      s.n += 1
    }),
    hope: on({ optimistic: true }, (s, name: string) => {
      s.names.push(name)
    }),
    fails: on(() => {
      throw new Error('on purpose')
    }),
    slow: on(async (s, name: string) => {
      await new Promise<void>((resolve) => void hold.push(resolve))
      s.names.push(name)
    }),
  }))
function kitOf() {
  const memory = new Map()
  const kit = testHub([d], { store: memoryStore(memory) })
  /** The page after a reload of the tab. */
  const reloaded = (page: TestTab, { duplicate = false, stored }: { duplicate?: boolean; stored?: string } = {}) => {
    page.tab.kept.save()
    if (!duplicate) page.wire.abandon()
    const next = new TestTab(kit.hub, kit.clock, page.browser, page.signedToken, duplicate, stored ?? page.stored)
    next.state(d)
    return next
  }
  const live = async (page: TestTab) => {
    page.connect()
    await kit.clock.settle()
    return page
  }
  const kept = (page: TestTab) => kit.hub.instance(page.token).state.d as { n: number; names: string[] } | undefined
  const addresses = new Map<string, string>()
  const serve = (address: string, token: string) => {
    addresses.set(address, token)
    kit.hub.addresses.set(address, () => token)
  }
  const crash = (page: TestTab) => {
    kit.crash()
    for (const [address, token] of addresses) serve(address, token)
    page.rewire(kit.hub, kit.clock)
  }
  return { ...kit, memory, reloaded, live, kept, crash, serve }
}

const quietly = (call: Promise<unknown>) => void call.catch(() => {})

describe('calls that are made without a connection', () => {
  it('are in effect after a reload, once each and in order, and those of the next page after them', async () => {
    const { open, reloaded, live, clock, kept } = kitOf()
    const page = await open()
    await page.watch(d)
    page.drop()
    for (let n = 0; n < 50; n += 1) quietly(page.state(d).hope(`${n}`))
    const next = reloaded(page)
    quietly(next.state(d).hope('after'))
    await live(next)
    await clock.advance(100)
    expect(kept(next)?.names).toEqual([...Array.from({ length: 50 }, (_, n) => `${n}`), 'after'])
    expect(next.state(d).names).toHaveLength(51)
    expect(next.reports).toEqual([])
    expect(next.stored).toBeUndefined()
  })

  it('are shown again as soon as the next page is there, and go with it over further reloads', async () => {
    const { open, reloaded, live, clock, kept } = kitOf()
    const page = await open()
    await page.watch(d)
    page.drop()
    quietly(page.state(d).hope('a'))
    let now = page
    for (const name of ['b', 'c']) {
      now = reloaded(now)
      await now.tab.takeOver()
      quietly(now.state(d).hope(name))
    }
    expect(now.state(d).names).toEqual(['a', 'b', 'c'])
    const last = reloaded(now)
    await live(last)
    await clock.advance(100)
    expect([kept(last)?.names, last.state(d).names]).toEqual([
      ['a', 'b', 'c'],
      ['a', 'b', 'c'],
    ])
  })

  it('are given up by name after more reloads than pages are remembered', async () => {
    const { open, reloaded, live, clock, kept } = kitOf()
    let page = await open()
    await page.watch(d)
    page.drop()
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      quietly(page.state(d).hope(name))
      page = reloaded(page)
      await page.tab.takeOver()
    }
    await live(page)
    await clock.advance(100)
    expect(kept(page)?.names).toEqual(['c', 'd', 'e'])
    expect(page.reports.join()).toContain('were never sent and are dropped')
  })

  it('are not given up by reloads of pages that made none', async () => {
    const { open, reloaded, live, clock, kept } = kitOf()
    let page = await open()
    await page.watch(d)
    page.drop()
    quietly(page.state(d).hope('a'))
    for (let n = 0; n < 6; n += 1) {
      page = reloaded(page)
      await page.tab.takeOver()
    }
    await live(page)
    await clock.advance(100)
    expect([kept(page)?.names, page.reports]).toEqual([['a'], []])
  })

  it('stay with the tab over reloads that come before a page has taken them over, with its own behind them', async () => {
    const { open, reloaded, live, clock, kept } = kitOf()
    const first = await open()
    await first.watch(d)
    first.drop()
    quietly(first.state(d).hope('a'))
    const second = reloaded(first)
    const third = reloaded(second) // pagehide, before its first component was mounted
    quietly(third.state(d).hope('b'))
    const fourth = reloaded(third)
    await live(fourth)
    await clock.advance(100)
    expect([kept(fourth)?.names, fourth.reports, fourth.stored]).toEqual([['a', 'b'], [], undefined])
  })

  it('stay with the tab when the page is closed for good, and is hidden after that', async () => {
    const { open, reloaded, live, clock, kept } = kitOf()
    const page = await open()
    await page.watch(d)
    page.drop()
    quietly(page.state(d).hope('a'))
    page.tab.stop()
    await clock.advance(1_000)
    const next = await live(reloaded(page))
    await clock.advance(100)
    expect(kept(next)?.names).toEqual(['a'])
  })

  it('count, and do so no more when the page is live', async () => {
    const { open, clock } = kitOf()
    const page = await open()
    await page.watch(d)
    page.drop()
    for (let n = 0; n < 12; n += 1) quietly(page.state(d).add())
    expect(page.tab.mirror.getState().unsettled).toBe(12)
    await page.reconnect()
    await clock.advance(50)
    expect(page.tab.mirror.getState().unsettled).toBe(0)
  })

  it('are in effect where the tab has never had a connection', async () => {
    const { hub, clock, reloaded, live, kept } = kitOf()
    const page = new TestTab(hub, clock, 'b')
    quietly(page.state(d).add())
    quietly(page.state(d).add())
    const next = await live(reloaded(page))
    await clock.advance(50)
    expect([kept(next)?.n, next.state(d).n]).toEqual([2, 2])
  })
})

describe('a call that was sent, and whose answer the page did not hear before it was reloaded', () => {
  it('is not run again', async () => {
    const { open, reloaded, live, clock, kept } = kitOf()
    const page = await open()
    await page.watch(d)
    page.wire.deaf = true
    quietly(page.state(d).add())
    await clock.advance(50)
    expect(kept(page)?.n).toBe(1)
    const next = await live(reloaded(page))
    await clock.advance(50)
    expect([kept(next)?.n, next.state(d).n, next.reports.length]).toEqual([1, 1, 0])
    expect(next.stored).toBeUndefined()
  })

  it('is not run again after the server was killed, and one that it lost is', async () => {
    const { open, reloaded, live, clock, crash, kept, hub } = kitOf()
    const page = await open()
    await page.watch(d)
    page.wire.deaf = true
    quietly(page.state(d).add())
    await clock.advance(50)
    quietly(page.state(d).hope('lost')) // is on its way
    page.wire.cut()
    crash(page)
    void hub
    const next = await live(reloaded(page))
    await clock.advance(50)
    expect([kept(next)?.n, kept(next)?.names]).toEqual([1, ['lost']])
  })

  it('is not run again while it still runs', async () => {
    const { open, reloaded, live, clock, kept } = kitOf()
    const page = await open()
    await page.watch(d)
    quietly(page.state(d).slow('a'))
    quietly(page.state(d).hope('b'))
    await clock.advance(50)
    const next = await live(reloaded(page))
    quietly(next.state(d).hope('c'))
    await clock.advance(50)
    for (const free of hold.splice(0)) free()
    await clock.advance(50)
    for (const free of hold.splice(0)) free()
    await clock.advance(50)
    expect(kept(next)?.names).toEqual(['a', 'b', 'c'])
  })

  it('that starts a task starts it once, also while its arguments are looked at over two connections', async () => {
    const { open, reloaded, live, clock } = kitOf()
    const page = await open()
    await page.watch(d)
    page.drop()
    quietly(page.state(d).checked.start('a'))
    const first = await live(reloaded(page))
    await clock.advance(50)
    const next = await live(reloaded(first))
    await clock.advance(50)
    for (const free of hold.splice(0)) free()
    await clock.advance(50)
    expect([next.state(d).checked.running, next.reports]).toEqual([1, []])
  })

  it('is not run where the hub remembers nothing of its page any more, and the next page says so', async () => {
    const { open, reloaded, live, clock, hub, done, kept } = kitOf()
    const page = await open()
    await page.watch(d)
    page.wire.deaf = true
    quietly(page.state(d).add())
    await clock.advance(50)
    page.tab.kept.save()
    const { stored } = page
    for (let other = 0; other < 4; other += 1) {
      const another = new TestTab(hub, clock, page.browser, page.signedToken)
      another.state(d)
      await live(another)
      await done(another.state(d).hope(`${other}`))
      another.close()
    }
    const next = await live(reloaded(page, { stored: stored as string }))
    await clock.advance(50)
    expect(kept(next)?.n).toBe(1)
    expect(next.reports).toEqual([expect.stringContaining('no longer has a record of this call')])
  })

  it.each([4, 3])(
    'of a page that connects again, after %i others on its token, runs once or fails by name',
    async (others) => {
      const { open, live, clock, hub, done, kept } = kitOf()
      const page = await open()
      await page.watch(d)
      page.wire.deaf = true
      const lost = page.state(d).add()
      lost.catch(() => {})
      await clock.advance(50)
      page.drop()
      const waits = page.state(d).hope('never sent')
      for (let other = 0; other < others; other += 1) {
        const another = new TestTab(hub, clock, page.browser, page.signedToken)
        another.state(d)
        await live(another)
        await done(another.state(d).hope(`${other}`))
        another.close()
      }
      page.wire.deaf = false
      await page.reconnect()
      if (others === 4) await expect(done(lost)).rejects.toMatchObject({ code: 'connection-lost' })
      else await done(lost)
      await done(waits)
      expect([kept(page)?.n, kept(page)?.names.at(-1)]).toEqual([1, 'never sent'])
    },
  )

  it.each([
    ['connects again', 'tab'],
    ['is reloaded', 'tab'],
    ['connects again', 'board'],
    ['is reloaded', 'board'],
  ])(
    'that a killed server never began runs once when its page %s, however often the tab was reloaded before: %s',
    async (how, address) => {
      const { open, reloaded, live, clock, done, kept, crash, serve } = kitOf()
      const board = await open()
      serve('board', board.token)
      const watching = async (page: TestTab) => {
        await page.watch(d)
        const { own } = page.tab
        const to = address === 'tab' ? own : page.tab.open(address)
        const handle = new StateHandle(d, to)
        await clock.settle()
        return () => handle.snapshot(page.tab.mirror.getState()) as ClientView<typeof d>
      }
      let page = await open()
      let state = await watching(page)
      for (let reloads = 0; reloads < 6; reloads += 1) {
        await done(state().add())
        page = await live(reloaded(page))
        state = await watching(page)
      }
      quietly(state().hope('lost')) // is on its way
      page.wire.cut()
      crash(page)
      if (how === 'is reloaded') page = await live(reloaded(page))
      else await page.reconnect()
      await clock.advance(50)
      const changed = address === 'tab' ? page : board
      expect([kept(changed), page.reports]).toEqual([{ n: 6, names: ['lost'] }, []])
    },
  )

  it('fails for the page after it as it would have for its own', async () => {
    const { open, reloaded, live, clock } = kitOf()
    const page = await open()
    await page.watch(d)
    page.drop()
    quietly(page.state(d).fails())
    quietly(page.state(d).work.start())
    quietly(page.state(d).work.cancel())
    quietly(page.state(d).add())
    const next = await live(reloaded(page))
    await clock.advance(50)
    expect(next.reports).toHaveLength(1)
    expect([next.state(d).n, next.state(d).work.running]).toEqual([1, 0])
  })
})

describe('what was kept is dropped', () => {
  it('by a duplicate of the tab, and the original sends it', async () => {
    const { open, reloaded, live, clock, kept } = kitOf()
    const page = await open()
    await page.watch(d)
    page.drop()
    quietly(page.state(d).add())
    const copy = await live(reloaded(page, { duplicate: true }))
    await page.reconnect()
    await clock.advance(100)
    expect([kept(page)?.n, kept(copy)?.n ?? 0]).toEqual([1, 0])
    expect([copy.stored, copy.reports]).toEqual([undefined, []])
  })

  it('where the app has ended the state of the tab, or the server has lost it', async () => {
    for (const lose of ['end', 'crash'] as const) {
      const { open, reloaded, live, clock, hub, crash, memory, kept, done } = kitOf()
      const page = await open()
      await done((await page.watch(d)).add())
      page.drop()
      quietly(page.state(d).hope('a'))
      await clock.advance(100)
      if (lose === 'end') await hub.forgottenTabs.forget(page.token)
      else {
        crash(page)
        memory.clear()
      }
      await clock.advance(100)
      const next = await live(reloaded(page))
      await clock.advance(100)
      await next.reconnect()
      await clock.advance(100)
      expect([lose, kept(next)?.names ?? [], next.stored]).toEqual([lose, [], undefined])
    }
  })

  it.each([
    ['no JSON', 'x'],
    ['another version', '[3,null,null,5,[],[]]'],
    ['another app', '[4,"/shop#1a2b3c4d",null,5,[],[]]'],
    ['no calls', '[4,null,null,5,[],5]'],
    ['a page without a name', `[4,null,null,5,[["x",1]],[[1,0,"tab",null,"call","d","add"]]]`],
    [
      'ids that fall',
      `[4,null,null,5,[["${'a'.repeat(32)}",1]],[[2,0,"tab",null,"call","d","add"],[1,0,"tab",null,"call","d","add"]]]`,
    ],
    ['an id past the last', `[4,null,null,5,[["${'a'.repeat(32)}",1]],[[6,0,"tab",null,"call","d","add"]]]`],
    ['ids without end', `[4,null,null,${2 ** 53},[],[]]`],
    ['another message', `[4,null,null,5,[["${'a'.repeat(32)}",1]],[[1,0,"tab",null,"resync","d","add"]]]`],
    ['the prototype', '{"__proto__":[4]}'],
  ])('where it is none of ours: %s', async (_, stored) => {
    const { hub, clock, live } = kitOf()
    const page = new TestTab(hub, clock, 'b', undefined, false, stored)
    page.state(d)
    await live(page)
    await clock.advance(100)
    expect([page.connection, page.reports, page.stored, page.state(d).n]).toEqual(['live', [], undefined, 0])
  })
})

it('a page that edits what was kept can make calls, and undo none', async () => {
  const { open, live, clock, hub, done, kept } = kitOf()
  const page = await open()
  await done((await page.watch(d)).add())
  const stored = `[4,null,"${page.token}",9,[["${'a'.repeat(32)}",1]],[[1,0,"tab",null,"call","d","add"],[9,0,"tab",null,"call","none","add"]]]`
  const forged = new TestTab(hub, clock, page.browser, page.signedToken, false, stored)
  forged.state(d)
  await live(forged)
  await clock.advance(100)
  expect([kept(forged)?.n, forged.connection, forged.reports.length]).toEqual([2, 'live', 1])
})

it('two pages that claim the same former one run each of its calls once', async () => {
  const { open, reloaded, live, clock, kept } = kitOf()
  const page = await open()
  await page.watch(d)
  page.drop()
  for (let n = 0; n < 10; n += 1) quietly(page.state(d).hope(`${n}`))
  const [one, two] = [reloaded(page), reloaded(page)]
  await Promise.all([live(one), live(two)])
  await clock.advance(200)
  expect(kept(one)?.names).toEqual(Array.from({ length: 10 }, (_, n) => `${n}`))
})

describe('of a further subscription', () => {
  async function withBoard() {
    const kit = kitOf()
    const board = await kit.open()
    await board.watch(d)
    kit.hub.addresses.set('board', () => board.token)
    const page = await kit.open()
    await page.watch(d)
    return { ...kit, board, page }
  }

  it('are sent by the next page, which closes it once nothing waits there', async () => {
    const { board, page, reloaded, live, clock, hub, kept } = await withBoard()
    const other = page.tab.open('board')
    await clock.settle()
    page.drop()
    for (const name of ['a', 'b']) other.call('d', 'hope', [name]).catch(() => {})
    const next = await live(reloaded(page))
    await clock.advance(100)
    expect(kept(board)?.names).toEqual(['a', 'b'])
    expect(hub.instance(board.token).watchers.size).toBe(1)
    expect([next.stored, next.reports]).toEqual([undefined, []])
  })

  it('are sent by the next page, which goes on where a component opens it as well', async () => {
    const { board, page, reloaded, live, clock, hub, kept, done } = await withBoard()
    const other = page.tab.open('board')
    await clock.settle()
    page.drop()
    other.call('d', 'hope', ['a']).catch(() => {})
    const next = reloaded(page)
    const again = next.tab.open('board')
    await live(next)
    await clock.advance(100)
    await done(again.call('d', 'hope', ['b']))
    expect(kept(board)?.names).toEqual(['a', 'b'])
    expect(hub.instance(board.token).watchers.size).toBe(2)
  })
})

it('of a tab without a token are not sent by its duplicate as well', async () => {
  const { clock, hub, live, kept } = kitOf()
  const page = new TestTab(hub, clock, 'b')
  quietly(page.state(d).add())
  page.tab.kept.save()
  const copy = new TestTab(hub, clock, 'b', undefined, true, page.stored)
  copy.state(d)
  await live(copy)
  await live(page)
  await clock.advance(100)
  expect([kept(page)?.n, kept(copy)?.n ?? 0, copy.stored]).toEqual([1, 0, undefined])
})

it('of a tab without a token are sent by the page after a reload', async () => {
  const { clock, hub, live, kept } = kitOf()
  const page = new TestTab(hub, clock, 'b')
  quietly(page.state(d).add())
  page.tab.kept.save()
  const next = new TestTab(hub, clock, 'b', undefined, false, page.stored)
  await live(next)
  await clock.advance(100)
  expect([kept(next)?.n, next.stored]).toEqual([1, undefined])
})

it('where there is no room, the first calls are kept, and the page knows that others are not', async () => {
  const { open, reloaded, live, clock, kept } = kitOf()
  const page = await open()
  await page.watch(d)
  page.drop()
  for (let n = 0; n < 8; n += 1) quietly(page.state(d).hope(`${n}`.repeat(100_000)))
  page.tab.kept.save()
  expect(page.tab.kept.losesChanges).toBe(true)
  const next = await live(reloaded(page))
  await clock.advance(500)
  expect(kept(next)?.names.map(([first]) => first)).toEqual(['0', '1', '2', '3'])
})

it('a page back from the cache of left pages sends what the page after it has left, too', async () => {
  const { open, reloaded, clock, kept } = kitOf()
  const page = await open()
  await page.watch(d)
  page.drop()
  quietly(page.state(d).hope('a'))
  const next = reloaded(page)
  await next.tab.takeOver()
  quietly(next.state(d).hope('b'))
  next.connect()
  next.drop()
  next.tab.kept.save()
  page.stored = next.stored
  const taken = page.tab.takeOver()
  page.tab.kept.save() // as where it is hidden at once
  await taken
  await page.reconnect()
  await clock.advance(100)
  expect(kept(page)?.names).toEqual(['a', 'b'])
  expect(shownOf(page.tab.mirror.getState()).predictions).toEqual([])
})
