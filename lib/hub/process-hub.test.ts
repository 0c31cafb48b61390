import { afterEach, expect, test } from 'vitest'
import { version } from '../base/version.js'
import { HubRuntime } from './hub.js'
import { claimSlot, currentHub, setSlot } from './process-hub.js'

const process = globalThis as { [key: symbol]: unknown }
const key = Symbol.for('heldstate.slot')

afterEach(() => setSlot(undefined))

test('the first that asks may make the hub, until it is gone', () => {
  expect([claimSlot(), claimSlot()]).toEqual([true, false])
  setSlot({ hub: new HubRuntime(), routeKey: '' })
  expect(claimSlot()).toBe(false)
  setSlot(undefined)
  expect(claimSlot()).toBe(true)
})

test.each([
  ['9.9.9', '9.9.9'],
  [undefined, '0.1.0 or older'],
])('a hub that another version has made is refused, with both versions: %s', (other, named) => {
  process[key] = { hub: new HubRuntime(), routeKey: '', version: other }
  const error = {
    code: 'version-mismatch',
    message: expect.stringContaining(
      `heldstate ${named} created the hub of this process, but heldstate ${version} is asking for it`,
    ),
  }
  expect(() => currentHub()).toThrow(expect.objectContaining(error))
})
