import { expect, it } from 'vitest'
import { ReplayMemory } from './replay-memory.js'
import { ReplayWindow } from './replay-window.js'

const view = (n: number) => ({ sent: { n } })

it('knows what a page had after each of the messages that it was sent last', () => {
  const history = new ReplayWindow({ rememberedMessages: 3, rememberedBytes: 1_000 }, 10, new ReplayMemory(10_000))
  const numbers = [1, 2, 3, 4].map((n) => history.record(n, [view(n)]))
  expect(numbers).toEqual([11, 12, 13, 14])
  expect(history.at(11)).toBeUndefined()
  expect(history.at(12)).toMatchObject({ revision: 2, views: [{ n: 2 }] })
  expect(history.at(14)).toMatchObject({ revision: 4, views: [{ n: 4 }] })
  expect(history.at(15)).toBeUndefined()
})

it('keeps nothing of the message whose place another one takes', () => {
  const history = new ReplayWindow({ rememberedMessages: 2, rememberedBytes: 1_000 }, 0, new ReplayMemory(10_000))
  history.record(1, [view(1), view(2)])
  history.record(2, [view(1), view(2)])
  const number = history.record(3, [view(3)])
  expect(history.at(number)).toMatchObject({ revision: 3, views: [{ n: 3 }] })
})

it('forgets the oldest messages when those that came after them are long', () => {
  const windows = new ReplayMemory(10_000)
  const history = new ReplayWindow({ rememberedMessages: 32, rememberedBytes: 1_000 }, 0, windows)
  for (const n of [1, 2, 3, 4]) {
    history.record(n, [view(n)])
    history.weigh(400)
  }
  expect([1, 2, 3, 4].map((number) => history.at(number)?.revision)).toEqual([undefined, undefined, 3, 4])
  expect(windows.bytes).toBe(800)
  history.record(5, [view(5)])
  history.weigh(5_000)
  expect([4, 5].map((number) => history.at(number)?.revision)).toEqual([undefined, 5])
})

it('forgets what the oldest of all pages was sent when all together take too much', () => {
  const windows = new ReplayMemory(1_000)
  const [first, second, closed] = [0, 0, 0].map(() => {
    const history = new ReplayWindow({ rememberedMessages: 32, rememberedBytes: 1_000 }, 0, windows)
    for (const n of [1, 2]) {
      history.record(n, [view(n)])
      history.weigh(150)
    }
    return history
  }) as [ReplayWindow, ReplayWindow, ReplayWindow]
  const known = (history: ReplayWindow) => [1, 2].filter((number) => history.at(number))
  closed.close(200)
  expect([first, second, closed].map(known)).toEqual([[2], [1, 2], [1, 2]])
  closed.close(5_000)
  expect([first, second, closed].map(known)).toEqual([[2], [2], []])
  expect(windows.bytes).toBe(0)
})
