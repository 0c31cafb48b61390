import { afterEach, expect, it, vi } from 'vitest'
import { Registry } from '../state/registry.js'
import { listed } from './name-list.js'

afterEach(() => vi.unstubAllEnvs())

it('names what there is to who builds the app, and to nobody in production', () => {
  expect(listed(' There are ', ['a', 'b'])).toBe(' There are "a", "b".')
  expect(listed(' There are ', [])).toBe(' There are none.')
  vi.stubEnv('NODE_ENV', 'production')
  expect(listed(' There are ', ['a', 'b'])).toBe('')
  expect(() => new Registry().get('x')).toThrow(/^No state is defined with the id "x"\.$/)
})
