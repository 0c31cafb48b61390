import { expect, it } from 'vitest'
import { defaultLimits } from '../base/limits.js'
import { Inboxes, ReadControl } from './read-control.js'

const connection = { send: () => {}, close: () => {} }

it('keeps no connection that has ended among those that are not read, while others take all there is', () => {
  const all = new Inboxes(3_000_000)
  const gone = new ReadControl(connection, defaultLimits, all)
  const other = new ReadControl(connection, defaultLimits, all)
  for (const control of [gone, gone, other, other]) control.count(1_000_000)
  gone.close()
  other.count(1_000_000)
  for (const control of [gone, gone, other, other, other]) control.count(-1_000_000)
  expect([all.bytes, Reflect.get(all, 'stopped')]).toEqual([0, new Set()])
})
