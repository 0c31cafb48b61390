import { expect, it } from 'vitest'
import { History } from './history.js'

const view = (n: number) => ({ sent: { n } })

it('knows what a page had after each of the messages that it was sent last', () => {
  const history = new History(3, 10)
  const numbers = [1, 2, 3, 4].map((n) => history.note(n, [view(n)]))
  expect(numbers).toEqual([11, 12, 13, 14])
  expect(history.at(11)).toBeUndefined()
  expect(history.at(12)).toEqual({ revision: 2, views: [{ n: 2 }] })
  expect(history.at(14)).toEqual({ revision: 4, views: [{ n: 4 }] })
  expect(history.at(15)).toBeUndefined()
})

it('keeps nothing of the message whose place another one takes', () => {
  const history = new History(2, 0)
  history.note(1, [view(1), view(2)])
  history.note(2, [view(1), view(2)])
  const number = history.note(3, [view(3)])
  expect(history.at(number)).toEqual({ revision: 3, views: [{ n: 3 }] })
})
