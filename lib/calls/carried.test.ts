/** What a trigger carries, and what a task is given, are values of their own. */
import { expect, it } from 'vitest'
import { defineState } from '../doors/authors.js'
import { testHub } from '../testing/kit.js'

const seen: unknown[] = []

const inbox = defineState('inbox', () => ({ n: 0 }))
  .tasks((background) => ({
    work: background(async (_, ...args: unknown[]) => void seen.push(args)),
    again: background({ retry: { times: 2, wait: '1ms' } }, async ({ attempt }, list: number[]) => {
      list.push(attempt)
      seen.push([...list])
      if (attempt < 3) throw new Error('again')
    }),
  }))
  .events((on) => ({
    take: on((_, ...args: unknown[]) => void seen.push(args)),
    change: on((_, row: { n: number }, list: number[]) => {
      row.n += 1
      list.push(9)
      seen.push([row, list])
    }),
  }))

const first = () => ({
  list: [1],
  row: { n: 1, deep: { tags: ['a'] } },
  when: new Date(0),
  map: new Map<string, { n: number }>([['a', { n: 1 }]]),
  set: new Set([1]),
})

const d = defineState('d', first).events((on) => ({
  early: on((s) => {
    const { list, row, when, map, set } = s
    const next = [
      inbox.triggers.take(list, row, when, map, set),
      inbox.triggers.work({ list, row, when, map, set }),
      inbox.triggers.change(row, list),
    ]
    s.list.push(2)
    s.row.n = 2
    s.row.deep.tags.push('b')
    s.when.setTime(5)
    s.map.set('b', { n: 2 })
    s.set.add(2)
    return next
  }),
  unfit: on(() => inbox.triggers.take({ at: new URL('http://a.test') })),
}))

async function open() {
  seen.length = 0
  const kit = testHub([d, inbox])
  const tab = await kit.open()
  return { ...kit, tab, view: await tab.watch(d), inbox: await tab.watch(inbox) }
}

it('a trigger carries what the values were when it was made', async () => {
  const { done, clock, view, tab, log } = await open()
  await done(view.early())
  await clock.advance(50)
  const { list, row, when, map, set } = first()
  expect(seen).toEqual([[list, row, when, map, set], [{ list, row, when, map, set }], [{ ...row, n: 2 }, [1, 9]]])
  expect(tab.state(d)).toMatchObject({ list: [1, 2], row: { n: 2 } })
  expect(log.lines).toEqual([])
})

it('what cannot be carried is refused by name, where the trigger is made', async () => {
  const { view, done } = await open()
  await expect(done(view.unfit())).rejects.toMatchObject({
    code: 'invalid-value',
    message: expect.stringContaining('take.arguments[0].at'),
  })
})

it('each attempt of a task is given what its start was given', async () => {
  const { inbox: view, clock, done, tab } = await open()
  await done(view.again.start([0]))
  await clock.advance(1_000)
  expect(seen).toEqual([
    [0, 1],
    [0, 2],
    [0, 3],
  ])
  expect(tab.state(inbox).again.outcome).toBe('done')
})
