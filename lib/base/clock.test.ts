import { afterEach, expect, it, vi } from 'vitest'
import { systemClock } from './clock.js'

afterEach(() => void vi.unstubAllGlobals())

it('draws ids of 128 random bits', () => {
  const ids = Array.from({ length: 1_000 }, () => systemClock.id())
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/)
  expect(new Set(ids).size).toBe(1_000)
})

it('draws ids where the page is no secure context and has no crypto.randomUUID', () => {
  const { crypto } = globalThis
  vi.stubGlobal('crypto', { getRandomValues: (bytes: Uint8Array) => crypto.getRandomValues(bytes) })
  expect(systemClock.id()).toMatch(/^[0-9a-f]{32}$/)
})
