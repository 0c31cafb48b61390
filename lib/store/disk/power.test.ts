/**
 * A power cut leaves of the log what was brought to the medium, and of the rest any part. Here files of a running store are copied, the copy
 * of the log is cut or spoilt anywhere, and the file opened: it holds the saves up to one of them, and no half of one.
 */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { systemClock } from '../../base/clock.js'
import type { Stored } from '../store.js'
import { chance } from './chance.fixture.js'
import { sqliteDriver } from './sqlite.js'
import { diskStore } from './store.js'

const silent = { info: () => {}, warn: () => {}, error: () => {} }
const root = mkdtempSync(join(tmpdir(), 'heldstate-power-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const tokens = ['t0', 't1', 't2', 't3']

/** The n-th save of all. What it holds can be told from its number. */
const stored = (revision: number, n: number): Stored => ({
  revision,
  state: { a: { n, text: `${n} `.repeat(1 + ((n * 37) % 900)) } },
  calls: [{ page: 'p', done: n, ends: [], forgotten: 0 }],
  running: [],
  ended: [],
  shapes: {},
})

/** Saves of four tokens in turn; gives for each number of saves what each token had. */
async function saving(dir: string, count: number, at: (n: number) => void): Promise<void> {
  const clock = { ...systemClock, after: () => () => {} } // brings nothing to the file by itself while its files are copied
  const store = diskStore({ dir, log: silent, clock })
  for (let n = 1; n <= count; n += 1) {
    await store.save(tokens[n % tokens.length] as string, stored(Math.ceil(n / tokens.length), n))
    at(n)
  }
  await store.close()
}

/** How many saves a file holds, which must be the first ones, whole. */
async function held(dir: string): Promise<number> {
  const store = diskStore({ dir, log: silent })
  const found = await Promise.all(tokens.map(async (token) => store.read(token)))
  await store.close()
  const numbers = found.map((each) => (each?.state.a as { n: number } | undefined)?.n ?? 0)
  const last = Math.max(...numbers)
  for (const [at, each] of found.entries()) {
    const n = numbers[at] as number
    if (each) expect(each).toEqual(stored(each.revision, n))
    const due = [0, 1, 2, 3].map((back) => last - back).find((save) => save % tokens.length === at) ?? 0
    expect(n).toBe(Math.max(0, due))
  }
  return last
}

let folders = 0
const folder = () => {
  folders += 1
  const dir = join(root, `${folders}`)
  mkdirSync(dir)
  return dir
}

const file = (dir: string) => join(dir, 'state.sqlite')

/** Brings to the file what the log has, as the thread of the store does. */
function checkpoint(dir: string): void {
  const raw = sqliteDriver().open(file(dir))
  raw.prepare('PRAGMA wal_checkpoint(PASSIVE)').all()
  raw.close()
}

it('after a cut anywhere in the log, the first saves are there, whole', async () => {
  const dir = folder()
  const random = chance(1)
  let safe = 0
  const cuts: { readonly safe: number; readonly n: number; readonly dir: string }[] = []
  await saving(dir, 400, (n) => {
    if (n % 90 === 50) {
      checkpoint(dir)
      safe = n
    }
    if (n === safe || random(3) > 0) return // the medium has what the file has taken, and the next save starts the log over
    const copy = folder()
    copyFileSync(file(dir), file(copy))
    const log = readFileSync(`${file(dir)}-wal`)
    const cut = random(log.length + 1)
    if (random(2) === 0) log.fill(random(256), cut, Math.min(log.length, cut + 1 + random(9_000)))
    writeFileSync(`${file(copy)}-wal`, random(2) === 0 ? log.subarray(0, cut) : log)
    cuts.push({ safe, n, dir: copy })
  })
  expect(cuts.length).toBeGreaterThan(100)
  let missing = 0
  for (const cut of cuts) {
    const last = await held(cut.dir)
    expect(last).toBeGreaterThanOrEqual(cut.safe)
    expect(last).toBeLessThanOrEqual(cut.n)
    if (last < cut.n) missing += 1
  }
  expect(missing).toBeGreaterThan(20)
}, 60_000)

it('after a cut while the log was brought to the file, every save is there', async () => {
  const random = chance(2)
  for (let round = 0; round < 20; round += 1) {
    const dir = folder()
    let before = Buffer.alloc(0)
    let log = Buffer.alloc(0)
    const count = 40 + random(100)
    await saving(dir, count, (n) => {
      if (n < count) return
      before = readFileSync(file(dir))
      log = readFileSync(`${file(dir)}-wal`)
    })
    const after = readFileSync(file(dir))
    const torn = Buffer.alloc(Math.max(before.length, after.length))
    for (let at = 0; at < torn.length; at += 1024) {
      const from = at < before.length && random(2) === 0 ? before : after
      from.copy(torn, at, at, Math.min(at + 1024, from.length))
    }
    const copy = folder()
    writeFileSync(file(copy), torn)
    writeFileSync(`${file(copy)}-wal`, log)
    expect(await held(copy)).toBe(count)
  }
}, 60_000)

it('what `survives: "power"` has acknowledged is on the medium', async () => {
  const dir = folder()
  const store = diskStore({ dir, log: silent, survives: 'power' })
  await store.save('t1', stored(1, 1))
  const synced = readFileSync(`${file(dir)}-wal`).length
  expect(synced).toBeGreaterThan(0)
  await store.close()
})
