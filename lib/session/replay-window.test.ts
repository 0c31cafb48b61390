import { expect, it } from 'vitest'
import { defineState } from '../doors/authors.js'
import { testHub } from '../testing/kit.js'
import { ReplayMemory } from './replay-memory.js'
import { type ReplayBounds, ReplayWindow } from './replay-window.js'
import { Sequence } from './sequence.js'

const view = (n: number) => ({ sent: { n } })

/** A window of a page that was sent nothing, and what it says of a page that heard a message last; a page says so once. */
function windowed(bounds: ReplayBounds, start = 0, windows = new ReplayMemory(10_000)) {
  const sequence = new Sequence(start)
  const history = new ReplayWindow(bounds, sequence, windows)
  const note = (n: number, views = [view(n)]) => history.record(sequence.next(), n, views)
  return { sequence, history, note }
}

it('knows what a page had after each of the messages that it was sent last', () => {
  for (const [heard, revision] of [
    [11, undefined],
    [12, 2],
    [14, 4],
    [15, undefined],
  ] as const) {
    const { history, note } = windowed({ rememberedMessages: 3, rememberedBytes: 1_000 }, 10)
    for (const n of [1, 2, 3, 4]) note(n)
    expect([heard, history.rewind(heard)?.revision]).toEqual([heard, revision])
  }
})

it('knows it also where the page heard a message about other subscriptions last', () => {
  const { history, sequence, note } = windowed({ rememberedMessages: 3, rememberedBytes: 1_000 })
  note(1)
  for (let other = 0; other < 50; other += 1) sequence.next()
  note(2)
  sequence.next()
  expect(history.rewind(40)).toMatchObject({ revision: 1, views: [{ n: 1 }] })
})

it('forgets what a page was sent and has not heard: it is sent something else instead', () => {
  const { history, sequence, note } = windowed({ rememberedMessages: 3, rememberedBytes: 1_000 })
  for (const n of [1, 2, 3]) note(n)
  expect(history.rewind(1)?.revision).toBe(1)
  expect(history.rewind(3)?.revision).toBe(1)
  note(4, [view(4), view(5)])
  expect(history.rewind(sequence.last)).toMatchObject({ revision: 4, views: [{ n: 4 }, { n: 5 }] })
  expect(history.rewind(undefined)).toBeUndefined()
  expect(history.rewind(sequence.last)).toBeUndefined()
})

it('keeps nothing of what the page has said it has heard more than', () => {
  const windows = new ReplayMemory(10_000)
  const { history, note } = windowed({ rememberedMessages: 32, rememberedBytes: 10_000 }, 0, windows)
  for (const n of [1, 2, 3, 4]) {
    note(n)
    history.weigh(100)
  }
  history.heard(3)
  history.weigh(0)
  expect(history.rewind(2)).toBeUndefined()
})

it('keeps nothing of the message whose place another one takes', () => {
  const { history, sequence, note } = windowed({ rememberedMessages: 2, rememberedBytes: 1_000 })
  note(1, [view(1), view(2)])
  note(2, [view(1), view(2)])
  note(3, [view(3)])
  expect(history.rewind(sequence.last)).toMatchObject({ revision: 3, views: [{ n: 3 }] })
})

it('forgets the oldest messages when those that came after them are long', () => {
  const windows = new ReplayMemory(10_000)
  const { history, note } = windowed({ rememberedMessages: 32, rememberedBytes: 1_000 }, 0, windows)
  for (const n of [1, 2, 3, 4]) {
    note(n)
    history.weigh(400)
  }
  expect(windows.bytes).toBe(800)
  note(5)
  history.weigh(5_000)
  expect([5, 4].map((number) => history.rewind(number)?.revision)).toEqual([5, undefined])
})

it('forgets what the oldest of all pages was sent when all together take too much', () => {
  const windows = new ReplayMemory(1_000)
  const make = () => {
    const { history, note } = windowed({ rememberedMessages: 32, rememberedBytes: 1_000 }, 0, windows)
    for (const n of [1, 2]) {
      note(n)
      history.weigh(150)
    }
    return history
  }
  const [first, second, closed] = [make(), make(), make()]
  closed.close(200)
  closed.close(5_000)
  const known = (history: ReplayWindow) => [2, 1].filter((number) => history.rewind(number))
  expect([first, second, closed].map(known)).toEqual([[2], [2], []])
  expect(windows.bytes).toBe(0)
})

it('keeps what was sent after a page was away, also past the end of its places', () => {
  const { history, note } = windowed({ rememberedMessages: 4, rememberedBytes: 1_000 })
  for (const n of [1, 2, 3]) note(n)
  history.clear()
  for (const n of [4, 5, 6]) note(n)
  const rewound = [6, 5, 4].map((number) => history.rewind(number)?.revision)
  expect(rewound).toEqual([6, 5, 4])
})

it('a text that changes by a word counts whole: its mark keeps all of it', async () => {
  const notes = defineState('notes', () => ({ byName: new Map([['a', { lines: ['x'.repeat(60_000)] }]]) })).events(
    (on) => ({
      write: on((s, word: string) => {
        const note = s.byName.get('a')
        if (note) note.lines[0] = `${word}${note.lines[0]?.slice(word.length)}`
      }),
    }),
  )
  const { hub, open, done } = testHub([notes])
  const tab = await open()
  const { write } = await tab.watch(notes)
  const remembered = () => hub.memory.windows.bytes
  await done(write('one'))
  const one = remembered()
  expect(one).toBeGreaterThan(120_000)
  await done(write('two'))
  expect(remembered()).toBeGreaterThan(240_000)
  for (const word of ['three', 'four', 'five', 'six']) await done(write(word))
  expect(remembered()).toBeLessThan(262_144 + one)
})

it('a text counts wherever its element stands, also where others come and go in the same change', async () => {
  const lines = Array.from({ length: 9 }, (_, id) => ({ id, text: `${id}`.padEnd(50_000, 'x') }))
  const notes = defineState('notes', () => ({ lines })).events((on) => ({
    edit: on((s) => {
      const last = s.lines.at(-1)
      if (last) last.text = `${last.text.slice(0, 100)}!${last.text.slice(100)}`
      s.lines.splice(0, 2)
    }),
  }))
  const { hub, open, done } = testHub([notes])
  const tab = await open()
  const { edit } = await tab.watch(notes)
  for (const left of [7, 5, 3]) {
    const before = hub.memory.windows.bytes
    await done(edit())
    expect(tab.state(notes).lines).toHaveLength(left)
    expect(hub.memory.windows.bytes).toBeGreaterThan(Math.min(before + 50_000, 100_000))
  }
  expect(tab.connection).toBe('live')
})

it('what a page missed counts when it is back, like what it is sent while it is here', async () => {
  const notes = defineState('notes', () => ({ text: 'x'.repeat(60_000), more: '' }))
  const missed = async (change: (s: { text: string; more: string }) => void) => {
    const { hub, open, done } = testHub([notes])
    const tab = await open()
    await tab.watch(notes)
    await done(hub.modifyState(tab.token, notes, (s) => void (s.more = '.')))
    tab.drop()
    await done(hub.modifyState(tab.token, notes, change))
    await tab.reconnect()
    return hub.memory.windows.bytes
  }
  const edited = await missed((s) => void (s.text = `${s.text.slice(0, 30_000)}!${s.text.slice(30_001)}`))
  expect(edited).toBeGreaterThan(100_000)
  expect(await missed((s) => void (s.more = 'y'.repeat(50_000)))).toBeGreaterThan(45_000)
})
