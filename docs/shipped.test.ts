/** The pages of errors are part of the package, at the place that an error names. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HeldStateError } from 'heldstate'
import { afterEach, expect, it, vi } from 'vitest'
import { addPages } from '../scripts/package.mjs'

afterEach(() => vi.unstubAllEnvs())

it('an error in development names its page, which is in the package', () => {
  vi.stubEnv('NODE_ENV', 'development')
  const place = new HeldStateError('lock-timeout', 'no').docs
  const path = /^node_modules\/heldstate\/(docs\/.+)/.exec(place ?? '')?.[1] as string
  const folder = mkdtempSync(join(tmpdir(), 'heldstate-pages-'))
  addPages(folder)
  expect(readFileSync(join(folder, path), 'utf8')).toMatch(/^# lock-timeout/)
  rmSync(folder, { recursive: true })
  expect(JSON.parse(readFileSync(new URL('../lib/package.json', import.meta.url), 'utf8')).files).toContain('docs')
})

it('an error in production does not', () => {
  vi.stubEnv('NODE_ENV', 'production')
  expect('docs' in new HeldStateError('lock-timeout', 'no')).toBe(false)
})
