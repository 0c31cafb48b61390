import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { errorCodes } from './errors.js'
import { defaultLimits } from './limits.js'

const lib = fileURLToPath(new URL('..', import.meta.url))
const sources = readdirSync(lib, { recursive: true, encoding: 'utf8' })
  .filter((path) => path !== join('base', 'error-meanings.ts')) // it names all
  .filter((path) => /\.tsx?$/.test(path) && !/(^|\/)(dist|node_modules)\/|\.(test|test-d|fixture)\./.test(path))
  .map((path) => ({ path: path.replaceAll('\\', '/'), text: readFileSync(`${lib}/${path}`, 'utf8') }))

const unused = (names: readonly string[], of: string, quote: string) =>
  names.filter((name) => !sources.some(({ path, text }) => path !== of && text.includes(`${quote}${name}${quote}`)))

it('the sources are found', () => {
  expect(sources.length).toBeGreaterThan(60)
})

it('every bound is kept by something', () => {
  expect(unused(Object.keys(defaultLimits), 'base/limits.ts', '')).toEqual([])
})

it('every failure of the catalogue can happen', () => {
  const codes = errorCodes.filter((code) => code !== 'immutable-state') // thrown by its own class, beside it
  expect(unused(codes, 'base/errors.ts', "'")).toEqual([])
})
