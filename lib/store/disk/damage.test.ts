/** A disk that has lost or changed pages of the file. */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it, vi } from 'vitest'
import { systemClock } from '../../base/clock.js'
import type { Stored } from '../store.js'
import { chance } from './chance.fixture.js'
import { diskStore } from './store.js'

const root = mkdtempSync(join(tmpdir(), 'heldstate-damage-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const pageBytes = 1024
const tokens = Array.from({ length: 300 }, (_, n) => `t${n}`)

const stored = (revision: number, n: number): Stored => ({
  revision,
  state: { a: { n, text: `${n} `.repeat(n) } },
  calls: [{ page: 'p', done: n, ends: [], forgotten: 0 }],
  running: n % 20 === 0 ? [{ definition: 'a', task: 'b', run: 'r', node: 'n', attempt: 1 }] : [],
  ended: [],
  shapes: {},
})

async function whole(): Promise<string> {
  const dir = join(root, 'whole')
  const store = diskStore({ dir })
  await Promise.all(tokens.map((token, n) => store.save(token, stored(1, n))))
  await store.close()
  return dir
}

/** Of each token: whether it has what was saved, has lost it, or fails. Each is asked to save as well. */
async function looked(
  dir: string,
  errors: string[],
): Promise<Record<'right' | 'wrong' | 'failed', number> | 'refused'> {
  const log = { info: () => {}, warn: () => {}, error: (message: string) => void errors.push(message) }
  const clock = { ...systemClock, after: (ms: number, run: () => void) => systemClock.after(Math.min(ms, 20), run) }
  const store = diskStore({ dir, log, clock })
  const counts = { right: 0, wrong: 0, failed: 0 }
  try {
    await store.open?.()
  } catch (error) {
    expect(error).toMatchObject({ code: 'load-failed', message: expect.stringContaining(dir) })
    return 'refused'
  }
  for (const [n, token] of tokens.entries())
    try {
      const found = await store.load(token)
      const isRight = JSON.stringify(found) === JSON.stringify(stored(1, n))
      if (found) await store.save(token, { ...found, revision: found.revision + 1, ended: [] })
      counts[isRight ? 'right' : 'wrong'] += 1
    } catch (error) {
      expect(error).toBeInstanceOf(Error)
      counts.failed += 1
    }
  expect((await store.orphans?.())?.length).toBeGreaterThan(tokens.length / 20 / 2)
  expect((await store.unused?.([], 1_000_000))?.length).toBe(0)
  await vi.waitFor(() => expect(errors.length).toBeGreaterThan(0), 300).catch(() => {})
  await store.close()
  return counts
}

it('costs the tabs that had something on it, and no others; the log names the file', async () => {
  const from = await whole()
  const bytes = readFileSync(join(from, 'state.sqlite'))
  const pages = bytes.length / pageBytes
  const random = chance(3)
  const seen = { refused: 0, damaged: 0, many: 0, said: 0 }
  for (let round = 0; round < 40; round += 1) {
    const dir = join(root, `${round}`)
    mkdirSync(dir)
    const copy = Buffer.from(bytes)
    const page = random(pages)
    const isFilled = random(2) === 0
    const start = page * pageBytes
    if (isFilled) copy.fill(random(256), start, start + pageBytes)
    else for (let byte = 0; byte < 200; byte += 1) copy[start + random(pageBytes)] = random(256)
    writeFileSync(join(dir, 'state.sqlite'), copy)
    const errors: string[] = []
    const counts = await looked(dir, errors)
    if (counts === 'refused') {
      seen.refused += 1
      continue
    }
    if (counts.wrong + counts.failed > 0) seen.damaged += 1
    if (counts.wrong + counts.failed > tokens.length / 10) seen.many += 1
    if (errors.some((error) => error.includes('is damaged') && error.includes(dir))) seen.said += 1
    expect(counts.right + counts.wrong + counts.failed).toBe(tokens.length)
  }
  expect(seen.damaged).toBeGreaterThan(20)
  expect(seen.many).toBeLessThan(seen.damaged / 4) // a page that leads to many others
  expect(seen.said).toBeGreaterThan(20)
}, 120_000)

it('that cut the file is said, and what can be read is served', async () => {
  const from = join(root, 'whole')
  for (const part of [0.3, 0.6, 0.9]) {
    const dir = join(root, `cut ${part}`)
    mkdirSync(dir)
    copyFileSync(join(from, 'state.sqlite'), join(dir, 'state.sqlite'))
    const { length } = readFileSync(join(from, 'state.sqlite'))
    truncateSync(join(dir, 'state.sqlite'), Math.floor((length * part) / pageBytes) * pageBytes)
    const errors: string[] = []
    const counts = await looked(dir, errors)
    if (counts !== 'refused') expect(errors.join('\n')).toMatch(/damaged|malformed/)
  }
})
