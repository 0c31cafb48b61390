import fc from 'fast-check'
import { expect, test } from 'vitest'
import { socketPaths } from '../protocol/path.js'
import { isOurPath, ownTarget } from './own-path.js'

const path = '/_held'

test.each([
  ['/_held/', ''],
  ['/_held/?EIO=4&sid=x', '?EIO=4&sid=x'],
  ['/_held/?a#b?c', '?a'],
  ['/_held/#?c', ''],
  ['http://host:1/_held/?a', '?a'],
  ['HTTPS://[bad/_held/?a', '?a'],
])('the engine answers %s', (url, engineQuery) => {
  expect(ownTarget(path, url)).toEqual({ engineQuery })
})

test.each([
  '/_held',
  '/_held?a',
  '/_held#a',
  '/_held//',
  '/_held/a',
  '/_held/../x',
  '/_held/%2e%2e/x',
  'http://h/_held',
])('%s is below our path, and nobody answers it', (url) => {
  expect(ownTarget(path, url)).toEqual({ engineQuery: undefined })
})

test.each([
  '/',
  '/_heldfoo',
  '//_held/',
  '/%5Fheld/',
  '/_HELD/',
  '/x/../_held/',
  '/x?/_held/',
  '_held/',
  '*',
  '',
  undefined,
])('%s is not ours', (url) => {
  expect(isOurPath(path, url)).toBe(false)
})

test('an app with a zone listens there and at the root, with or without what Next does to slashes', () => {
  const paths = socketPaths('/shop')
  for (const url of ['/_heldstate/?a', '/shop/_heldstate/?a', '/shop/_heldstate/line.io?a', '/_heldstate/line.io?a'])
    expect(ownTarget(paths, url)).toEqual({ engineQuery: '?a' })
  for (const url of ['/shop/_heldstate', '/shop/_heldstate/line.io/', '/shop/_heldstate/x'])
    expect(ownTarget(paths, url)).toEqual({ engineQuery: undefined })
  for (const url of ['/shop/', '/shop/shop/_heldstate/', '/blog/_heldstate/', '/shop/_heldstatex'])
    expect(isOurPath(paths, url)).toBe(false)
})

test('whatever is sent, the engine gets only a query, and only for its path', () => {
  const part = fc.constantFrom('/', '_held', '?', '#', '..', '%2f', '%5F', '\\', 'http://', 'a', '[', '\n', ';')
  const targets = fc.array(part, { maxLength: 8 }).map((parts) => parts.join(''))
  const check = (target: string) => {
    const own = ownTarget(path, target)
    if (own?.engineQuery === undefined) return
    const { pathname, search } = new URL(`${path}/${own.engineQuery}`, 'http://a')
    expect(pathname).toBe(`${path}/`)
    expect(search === '' || own.engineQuery.startsWith('?')).toBe(true)
  }
  fc.assert(
    fc.property(
      fc.oneof(
        targets,
        targets.map((target) => path + target),
      ),
      check,
    ),
    { seed: 13, numRuns: 2_000 },
  )
})
