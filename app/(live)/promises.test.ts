import { existsSync } from 'node:fs'
import { expect, it } from 'vitest'
import { promises } from './promises'

it('each test that holds a promise exists', () => {
  const tests = promises.flatMap(({ tests }) => tests)
  expect(tests.filter((path) => !existsSync(new URL(`../../${path}`, import.meta.url)))).toEqual([])
  expect(tests.length).toBeGreaterThan(6)
})
