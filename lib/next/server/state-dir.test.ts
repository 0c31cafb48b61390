import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { keptFolder, keptSecret, refuseWeak, sharedSecret } from './state-dir.js'

const root = mkdtempSync(join(tmpdir(), 'heldstate-secret-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

test('a secret is made once, kept for this user alone, and ignored by git', () => {
  const folder = keptFolder(root)
  const [secret] = keptSecret(folder, '')
  expect(secret).toMatch(/^[0-9a-f]{64}$/)
  expect(keptSecret(folder, undefined)).toEqual([secret])
  expect(statSync(join(folder, 'secret')).mode & 0o777).toBe(0o600)
  expect(readFileSync(join(folder, '.gitignore'), 'utf8')).toBe('*\n')
})

test('secrets of the environment come first, and nothing is kept then', () => {
  const folder = join(root, 'other')
  expect(keptSecret(folder, ' new , old ')).toEqual(['new', 'old'])
  expect(existsSync(folder)).toBe(false)
})

test('what is kept lies beside the app, or where the environment says', () => {
  expect(keptFolder('/app', '')).toBe('/app/.heldstate')
  expect(keptFolder('/app', '/data')).toBe('/data')
})

test('a short secret is refused in production and said in development, and none of it is shown', () => {
  const lines: string[] = []
  const note = (message: string) => void lines.push(message)
  const log = { info: note, warn: note, error: note }
  const phrase = keptSecret(root, 'my own words, for this')
  expect(() => refuseWeak(phrase, false, log)).toThrow(
    expect.objectContaining({ code: 'weak-secret', message: expect.stringContaining('openssl rand -hex 32') }),
  )
  expect(lines).toEqual([])
  refuseWeak(phrase, true, log)
  refuseWeak(['a phrase of its own'], false, log)
  expect(lines).toEqual([
    expect.stringMatching(/has 12 characters, and 16 are the minimum.*a secret cannot contain one/),
  ])
  expect(lines[0]).not.toContain('words')
})

test('a folder that cannot be written is named, with the way out', () => {
  const file = join(root, 'file')
  writeFileSync(file, '')
  expect(() => keptSecret(join(file, 'inside'), '')).toThrow(/cannot be stored in .*Make the folder writable/)
})

test('processes that share state are given a secret, and none is made', () => {
  expect(sharedSecret(' new , old ')).toEqual(['new', 'old'])
  for (const none of [undefined, '', ' , '])
    expect(() => sharedSecret(none)).toThrow(
      expect.objectContaining({ code: 'missing-secret', message: expect.stringContaining('openssl rand -hex 32') }),
    )
})
