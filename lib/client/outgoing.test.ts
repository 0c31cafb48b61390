import { expect, it } from 'vitest'
import { OutgoingQueue } from './outgoing.js'

function queue(maxBytes: number) {
  const sent: unknown[][] = []
  const outgoing = new OutgoingQueue((message) => void sent.push([...message]))
  outgoing.maxBytes = maxBytes
  const say = (id: number, bytes: number) => outgoing.add(['heard', id], bytes)
  return { outgoing, sent, say }
}

it('one message goes out as it is, at the end of the stretch', async () => {
  const { sent, say } = queue(100)
  say(1, 10)
  expect(sent).toEqual([])
  await Promise.resolve()
  expect(sent).toEqual([['heard', 1]])
})

it('several go out as one batch, in order', async () => {
  const { sent, say } = queue(100)
  for (const id of [1, 2, 3]) say(id, 10)
  await Promise.resolve()
  expect(sent).toEqual([['batch', [1, 2, 3].map((id) => ['heard', id])]])
})

it('no batch is larger than the bound of a message, and none is out of order', async () => {
  const { sent, say } = queue(100)
  for (const id of [1, 2, 3, 4, 5]) say(id, id === 4 ? 100 : 50)
  await Promise.resolve()
  expect(sent).toEqual([
    ['batch', [1, 2].map((id) => ['heard', id])],
    ['heard', 3],
    ['heard', 4],
    ['heard', 5],
  ])
})

it('what has not gone out when the connection ends never does', async () => {
  const { sent, say, outgoing } = queue(100)
  say(1, 60)
  outgoing.clear()
  say(2, 50)
  say(3, 50)
  await Promise.resolve()
  expect(sent).toEqual([['batch', [2, 3].map((id) => ['heard', id])]])
})
