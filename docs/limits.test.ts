/** The page "Limits and environment" has every limit. After a change of `lib/base/limits.ts` or `server-limits.ts`, `npx vitest run docs/limits -u` writes its tables. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { limitsOf, tables, unitOf, values, withLimits } from './limits.js'

it('each limit of the source is found, with a value and a reason', () => {
  const found = tables.flatMap(({ constants }) => constants.flatMap(limitsOf))
  expect(found.map(({ name }) => name).sort()).toEqual(Object.keys(values).sort())
  expect(found.filter(({ value, reason }) => !(value > 0) || reason.length < 10)).toEqual([])
})

it('a limit has the unit that its name or its comment says', () => {
  expect(unitOf('helloMs', '')).toBe('ms')
  expect(unitOf('newTabsPerSecond', '')).toBe('per second')
  expect(unitOf('rememberedBytes', '')).toBe('bytes')
  expect(unitOf('largeField', 'Characters from which on …')).toBe('characters')
  expect(unitOf('watchedStates', 'States that one page can watch.')).toBe('count')
})

it('the tables of the page are those of the source', async () => {
  const page = fileURLToPath(new URL('limits.md', import.meta.url))
  await expect(withLimits(readFileSync(page, 'utf8'))).toMatchFileSnapshot(page)
})
