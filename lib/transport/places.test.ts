import { expect, test } from 'vitest'
import { edgeLimits } from '../base/server-limits.js'
import { Places } from './places.js'

const stranger = { browser: 'a', known: false }
const known = (browser: string) => ({ browser, known: true })

test('strangers get nine tenths of the places, known browsers all', () => {
  const places = new Places(10)
  for (let n = 0; n < 9; n += 1) expect(places.take(stranger)).toBeDefined()
  expect(places.take(stranger)).toBeUndefined()
  expect(places.take(known('b'))).toBeDefined()
  expect(places.take(known('c'))).toBeUndefined()
  expect(places.taken).toBe(10)
})

test('a place is given back once, however often that is said', () => {
  const places = new Places(2)
  const place = places.take(stranger)
  places.take(stranger)
  place?.leave()
  place?.leave()
  expect(places.taken).toBe(1)
  expect(places.take(stranger)).toBeDefined()
  expect(places.take(stranger)).toBeUndefined()
})

test('one known browser does not get all the kept places', () => {
  const places = new Places(1_000)
  for (let n = 0; n < 900; n += 1) places.take(stranger)
  const kept = Array.from({ length: 50 }, () => places.take(known('b'))).filter((place) => place !== undefined)
  expect(kept).toHaveLength(edgeLimits.keptPlacesPerBrowser)
  expect(places.take(known('c'))).toBeDefined()
  kept[0]?.leave()
  expect(places.take(known('b'))).toBeDefined()
})

test('one address does not get all places: of the second half it has a share, and known browsers of it too', () => {
  const places = new Places(10_000)
  const from = (address: string, more = {}) => places.take({ ...stranger, address, ...more })
  let first = 0
  while (from('1.1.1.1')) first += 1
  expect(first).toBe(5_000)
  expect(from('1.1.1.1', known('b'))).toBeUndefined()
  const others = Array.from({ length: 1_000 }, () => from('2.2.2.2')).filter((place) => place !== undefined)
  expect(others).toHaveLength(500)
  expect(from('3.3.3.3')).toBeDefined()
  for (const place of others) place.leave()
  expect(from('2.2.2.2')).toBeDefined()
})

test('places whose address is not known are not shared out', () => {
  const places = new Places(1_000)
  for (let n = 0; n < 900; n += 1) expect(places.take(stranger)).toBeDefined()
})
