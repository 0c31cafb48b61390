import { expect, it } from 'vitest'
import { defineState, HeldStateError } from '../doors/authors-browser.js'

it('a state module that reached a browser bundle names itself, and what is missing', () => {
  expect(() => defineState('counter')).toThrow(HeldStateError)
  expect(() => defineState('counter')).toThrow(
    expect.objectContaining({
      code: 'missing-plugin',
      message: expect.stringMatching(/"counter".*\.state\.ts.*withHeldState/),
    }),
  )
})
