import { expect, it } from 'vitest'
import { type ErrorCode, HeldStateError } from '../base/errors.js'
import { LoadError } from './load-error.js'

it.each<ErrorCode>(['store-unreachable', 'store-misconfigured', 'load-failed', 'hub-closed'])(
  'says nothing of where the store is: %s',
  (code) => {
    const error = new LoadError('t', new HeldStateError(code, 'The Redis at 10.0.0.7:6379 wants a password.'))
    expect(error).toMatchObject({ code, cause: { message: expect.stringContaining('10.0.0.7') } })
    expect(error.message).not.toContain('10.0.0.7')
  },
)
