/** What runners of tests with a DOM resolve `heldstate` to: they ask for the condition "browser", as bundlers do. */
import { afterEach, expect, test, vi } from 'vitest'
import { testHub } from '../testing/kit.js'

afterEach(() => {
  vi.unstubAllEnvs()
  vi.resetModules()
})

const door = () => import('../doors/authors-browser.js')

test('in a test, a state module defines a state that a hub can run', async () => {
  const { defineState } = await door()
  const counter = defineState('counter', () => ({ n: 1 })).events((on) => ({ add: on((s) => void (s.n += 1)) }))
  const { clock, open } = testHub([counter])
  const tab = await open()
  const state = await tab.watch(counter)
  void state.add()
  await clock.settle()
  expect(tab.state(counter).n).toBe(2)
})

test.each(['development', 'production'])('in %s, it says what is missing', async (mode) => {
  vi.stubEnv('NODE_ENV', mode)
  vi.resetModules()
  const { defineState } = await door()
  expect(() => defineState('counter', () => ({}))).toThrow('State "counter" is in a browser bundle')
})
