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

it('waits longer than a timer of the platform can, and can take it back at any time', () => {
  vi.useFakeTimers()
  const month = 30 * 24 * 3_600_000
  const seen: string[] = []
  systemClock.after(month, () => void seen.push('a month'))
  systemClock.after(Number.POSITIVE_INFINITY, () => void seen.push('never'))
  const cancel = systemClock.after(3 * month, () => void seen.push('taken back'))
  vi.advanceTimersByTime(month - 1)
  expect(seen).toEqual([])
  vi.advanceTimersByTime(1)
  expect(seen).toEqual(['a month'])
  cancel()
  vi.advanceTimersByTime(12 * month)
  expect(seen).toEqual(['a month'])
  vi.useRealTimers()
})
