import { expect, it, onTestFinished } from 'vitest'
import { defineState, Refusal } from '../doors/authors.js'
import { testHub } from '../testing/kit.js'
import { emptyMirror } from './mirror.js'
import { StateHandle } from './state-handle.js'

const seats = defineState('seats', () => ({ free: 0 })).events((on) => ({
  book: on(() => {
    throw new Refusal('All seats are taken.')
  }),
}))

it('a refused call that nobody catches is an unhandled rejection, so that the browser says it', async () => {
  const { open, clock } = testHub([seats])
  const tab = await open()
  const { book } = await tab.watch(seats)
  const others = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection')
  onTestFinished(() => {
    process.removeAllListeners('unhandledRejection')
    for (const listener of others) process.on('unhandledRejection', listener)
  })
  const unhandled = new Promise<Error>((resolve) => void process.once('unhandledRejection', resolve))
  void book()
  await clock.settle()
  expect((await unhandled).message).toBe('All seats are taken.')
  expect(book.pending).toBe(false)
})

it('shows what the server rendered and what the hub has sent in turn, each as one object', async () => {
  const { open } = testHub([seats])
  const { tab } = await open()
  const handle = new StateHandle(seats, tab.own)
  const painted = { free: 3 }
  const [rendered, live] = [handle.painted(emptyMirror, painted), handle.snapshot(tab.mirror.getState())]
  expect(rendered).toMatchObject({ free: 3 })
  expect(handle.painted(emptyMirror, painted)).toBe(rendered)
  expect(handle.snapshot(tab.mirror.getState())).toBe(live)
})
