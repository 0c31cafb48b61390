import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../base/clock.js'
import type { StateStore, Stored } from '../store.js'
import { storeSuite } from '../suite.js'
import { sqliteDriver } from './sqlite.js'
import { type DiskStoreOptions, diskStore } from './store.js'

const root = mkdtempSync(join(tmpdir(), 'heldstate-disk-'))
let folders = 0
const folder = () => {
  folders += 1
  return join(root, `store ${folders}`)
}
afterAll(() => rmSync(root, { recursive: true, force: true }))

const dirs = new Map<StateStore, string>()
const opened = (options: Omit<DiskStoreOptions, 'dir'>, beside: StateStore | undefined) => {
  const dir = (beside && dirs.get(beside)) ?? folder()
  const store = diskStore({ ...options, dir })
  dirs.set(store, dir)
  return store
}

storeSuite('disk', { describe, it }, (beside) => opened({}, beside))
storeSuite('disk, flushed', { describe, it }, (beside) => opened({ survives: 'power' }, beside))

/** What a store keeps, as SQLite has it. */
const rawOf = (dir: string) => sqliteDriver().open(join(dir, 'state.sqlite'))

const textsOf = (dir: string) => {
  const raw = rawOf(dir)
  const rows = raw
    .prepare('SELECT token, key, text FROM texts JOIN tokens ON tokens.id = token_id ORDER BY token, key')
    .all()
  raw.close()
  return rows.map(({ token, key, text }) => [token, key, text] as [string, string, string])
}

describe('the disk store', () => {
  const stored = (revision: number, n: number) => ({
    revision,
    state: { a: { n }, b: { text: 'x'.repeat(100) } },
    calls: [{ page: 'p', done: n, ends: [], forgotten: 0 }],
    running: [],
    ended: [],
    shapes: { a: { version: 1, kinds: { n: 'number' } } },
  })

  it('has after a restart what it had before, and goes on from there', async () => {
    const dir = folder()
    const first = diskStore({ dir })
    await first.save('t', stored(1, 1))
    await first.save('t', stored(2, 2))
    await first.close()
    const second = diskStore({ dir })
    expect(await second.load('t')).toEqual(stored(2, 2))
    await second.save('t', stored(3, 3))
    await second.close()
    expect(await diskStore({ dir }).load('t')).toEqual(stored(3, 3))
  })

  it('keeps nothing more once it is closed, and does not open again', async () => {
    const dir = folder()
    const store = diskStore({ dir })
    await store.save('t', stored(1, 1))
    await store.close()
    expect(() => store.save('t', stored(2, 2))).toThrow(expect.objectContaining({ code: 'hub-closed' }))
    await store.close()
    const next = diskStore({ dir })
    expect(await next.load('t')).toEqual(stored(1, 1))
    await next.close()
  })

  it('closes when what is under way has ended', async () => {
    const dir = folder()
    const store = diskStore({ dir })
    const tokens = Array.from({ length: 50 }, (_, n) => `t${n}`)
    await Promise.all(tokens.map((token) => store.save(token, stored(1, 1))))
    const ends: string[] = []
    const works = [
      ...tokens.slice(0, 20).map((token) => store.load(token)),
      ...tokens.slice(20, 40).map((token) => store.save(token, stored(2, 2))),
      ...tokens.slice(40).map((token) => store.drop(token)),
      store.unused?.(tokens, 1000),
    ]
    for (const work of works)
      Promise.resolve(work).then(
        () => ends.push('done'),
        (error) => ends.push(String(error)),
      )
    await store.close()
    expect(ends).toEqual(works.map(() => 'done'))
  })

  it('writes only what a save changed, of a large field as well', async () => {
    const dir = folder()
    const store = diskStore({ dir })
    const rows = Array.from({ length: 10_000 }, (_, id) => ({ id, done: false }))
    const one = { ...stored(1, 1), state: { a: { n: 1, rows } } }
    let before: (readonly string[])[] = []
    const written = async (next: Stored) => {
      await store.save('t', next)
      const all = textsOf(dir)
      const changed = all.filter(([, key, text]) => !before.some(([, was, had]) => was === key && had === text))
      before = all
      return changed.map(([, key, text]) => [key, text.length < 100])
    }
    expect(await written(one)).toContainEqual(['field/a/rows', false])
    expect(await written({ ...one, revision: 2, state: { a: { n: 2, rows } } })).toEqual([['field/a/n', true]])
    const changed = rows.with(5_000, { id: 5_000, done: true })
    expect(await written({ ...one, revision: 3, state: { a: { n: 2, rows: changed } } })).toEqual([
      ['field/a/rows/1', true],
    ])
    await store.close()
    const again = diskStore({ dir })
    expect((await again.load('t'))?.state).toEqual({ a: { n: 2, rows: changed } })
    await again.close()
  })

  it('gives what can be read of a damaged state, says which part could not, and keeps that aside', async () => {
    const dir = folder()
    const store = diskStore({ dir })
    await store.save('t', stored(1, 1))
    await store.close()
    const raw = rawOf(dir)
    raw.exec(`UPDATE texts SET text = '{"n":' WHERE key = 'field/a/n'`)
    raw.close()
    const errors: string[] = []
    const log = { info: () => {}, warn: () => {}, error: (message: string) => void errors.push(message) }
    const again = diskStore({ dir, log } satisfies DiskStoreOptions)
    const found = await again.load('t')
    expect(found).toEqual({ ...stored(1, 1), state: { b: { text: 'x'.repeat(100) } }, shapes: {} })
    expect(errors).toEqual([
      expect.stringContaining('The saved state "a" could not be read (tab t) and starts with its first values'),
    ])
    await again.save('t', { ...stored(2, 5) })
    expect(await again.load('t')).toEqual(stored(2, 5))
    expect(textsOf(dir)).toContainEqual(['t', 'damaged/field/a/n', '{"n":'])
    await again.close()
  })

  it('leaves out a log of calls and a result that cannot be read, and names them', async () => {
    const dir = folder()
    const store = diskStore({ dir })
    const end = { run: 'r', definition: 'a', task: 'work', outcome: 'done', order: 1, result: 5 } as const
    await store.save('t', { ...stored(1, 1), runEnds: [end] })
    await store.close()
    const raw = rawOf(dir)
    raw.exec(`UPDATE texts SET text = '[{' WHERE key = 'calls' OR key LIKE 'run/%'`)
    raw.close()
    const errors: string[] = []
    const log = { info: () => {}, warn: () => {}, error: (message: string) => void errors.push(message) }
    const again = diskStore({ dir, log } satisfies DiskStoreOptions)
    expect((await again.load('t'))?.state).toEqual(stored(1, 1).state)
    expect(errors).toEqual([
      expect.stringContaining('The log of calls could not be read (tab t) and is left out'),
      expect.stringContaining('The result of a task could not be read (tab t) and is left out'),
    ])
    await again.close()
  })

  it('that cannot be opened says where it is and what to do', async () => {
    const dir = folder()
    writeFileSync(dir, 'a file, and no folder')
    expect(() => diskStore({ dir: join(dir, 'state') }).load('t')).toThrow(
      /could not be opened: .* move the folder away/,
    )
  })

  it('names the tokens that nobody uses: saved long ago, and not in use when it was asked since', async () => {
    const dir = folder()
    let now = 0
    const clock = { ...systemClock, now: () => now }
    const first = diskStore({ dir, clock })
    for (const token of ['left', 'open', 'new']) {
      if (token === 'new') now = 900
      await first.save(token, stored(1, 1))
    }
    expect(await first.unused?.(['left', 'open', 'unsaved'], 1000)).toEqual([])
    await first.save('open', stored(2, 2))
    await first.close()
    const second = diskStore({ dir, clock })
    for (now = 1000; now <= 1800; now += 100) expect(await second.unused?.(['open'], 1000)).toEqual([])
    expect(await second.unused?.([], 1000)).toEqual([])
    now = 2000
    expect(await second.unused?.([], 1000)).toEqual(['left', 'new'])
    await second.drop('left')
    expect(await second.unused?.([], 1000)).toEqual(['new'])
    expect([await second.load('left'), await second.load('open')]).toEqual([undefined, stored(2, 2)])
    await second.close()
  })

  it('makes no token older by time in which no server ran, or by a clock that jumps ahead, and forgets a clock that was ahead', async () => {
    const dir = folder()
    let now = 0
    const clock = { ...systemClock, now: () => now }
    const first = diskStore({ dir, clock })
    for (const token of ['a', 'b']) await first.save(token, stored(1, 1))
    for (now = 0; now < 500; now += 100) expect(await first.unused?.(['a'], 1000)).toEqual([])
    await first.close()
    now = 1_000_000
    const second = diskStore({ dir, clock })
    await second.save('c', stored(1, 1))
    for (let passed = 0; passed < 400; passed += 100, now += 100) expect(await second.unused?.([], 1000)).toEqual([])
    now += 50_000 // it jumps
    expect(await second.unused?.([], 1000)).toEqual([])
    let old: readonly string[] = []
    for (; old.length === 0; now += 100) old = (await second.unused?.([], 1000)) ?? []
    expect(old).toEqual(['b'])
    now = 5_000 // and comes back
    await second.unused?.([], 1000)
    for (let passed = 0; passed < 1_100; passed += 100, now += 100) await second.unused?.([], 1000)
    expect([...((await second.unused?.([], 1000)) ?? [])].sort()).toEqual(['a', 'b', 'c'])
    await second.close()
  })

  it('finds those among thousands', async () => {
    let now = 0
    const store = diskStore({ dir: folder(), clock: { ...systemClock, now: () => now } })
    const tokens = Array.from({ length: 2500 }, (_, n) => `t${n}`)
    await Promise.all(tokens.map((token) => store.save(token, stored(1, 1))))
    for (; now < 1500; now += 100) await store.unused?.(tokens.slice(0, 2300), 1000)
    expect(await store.unused?.(tokens.slice(0, 2300), 1000)).toHaveLength(200)
    await store.close()
  })

  it('leaves nothing of a dropped token, not even what was damaged', async () => {
    const dir = folder()
    const store = diskStore({ dir, log: { info: () => {}, warn: () => {}, error: () => {} } })
    for (const token of ['t', 'tt']) await store.save(token, stored(1, 1))
    const raw = rawOf(dir)
    raw.exec("UPDATE texts SET text = 'nonsense' WHERE key = 'field/a/n' AND token_id = 1")
    raw.close()
    await store.load('t')
    await store.drop('t')
    expect(new Set(textsOf(dir).map(([token]) => token))).toEqual(new Set(['tt']))
    await store.close()
  })

  it('gives the room of what was dropped back to the file system', async () => {
    const dir = folder()
    const clock = { ...systemClock, after: (ms: number, run: () => void) => systemClock.after(Math.min(ms, 10), run) }
    const store = diskStore({ dir, clock })
    const large = { ...stored(1, 1), state: { a: { text: 'x'.repeat(100_000) } } }
    const tokens = Array.from({ length: 300 }, (_, n) => `t${n}`)
    await Promise.all(tokens.map((token) => store.save(token, large)))
    const bytes = () => ['', '-wal'].reduce((sum, end) => sum + statSync(join(dir, `state.sqlite${end}`)).size, 0)
    await vi.waitFor(() => expect(statSync(join(dir, 'state.sqlite')).size).toBeGreaterThan(30_000_000), 10_000)
    for (const token of tokens.slice(1)) await store.drop(token)
    await vi.waitFor(() => expect(bytes()).toBeLessThan(12_000_000), 10_000)
    expect(await store.load('t0')).toEqual(large)
    await store.close()
  }, 30_000)

  it.skipIf(process.platform === 'win32')('is for its owner alone', async () => {
    const dir = folder()
    const store = diskStore({ dir })
    await store.save('t', stored(1, 1))
    const mode = (name: string) => (statSync(join(dir, name)).mode & 0o777).toString(8)
    const names = ['server.lock', 'state.sqlite', 'state.sqlite-shm', 'state.sqlite-wal']
    expect(readdirSync(dir).sort()).toEqual(names)
    expect(['', ...names].map(mode)).toEqual(['700', '600', '600', '600', '600'])
    await store.close()
  })

  it('that disappears while it is open says so', async () => {
    const dir = folder()
    const errors: string[] = []
    const log = { info: () => {}, warn: () => {}, error: (message: string) => void errors.push(message) }
    const clock = { ...systemClock, after: (ms: number, run: () => void) => systemClock.after(Math.min(ms, 10), run) }
    const store = diskStore({ dir, log, clock })
    await store.save('t', stored(1, 1))
    rmSync(dir, { recursive: true })
    await store.save('t', stored(2, 2))
    await vi.waitFor(() => expect(errors).toContainEqual(expect.stringContaining('removed or replaced')), 5_000)
    await store.save('t', stored(3, 3))
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(errors).toHaveLength(1)
    await store.close()
  })

  it('of an older version becomes one of this, and keeps what it has', async () => {
    const dir = folder()
    const first = diskStore({ dir })
    await first.save('t', stored(1, 1))
    await first.close()
    const raw = rawOf(dir)
    raw.exec('DROP TABLE looks; PRAGMA user_version = 1')
    raw.close()
    const second = diskStore({ dir })
    expect(await second.load('t')).toEqual(stored(1, 1))
    expect(await second.unused?.([], 1_000_000)).toEqual([])
    await second.close()
    expect(rawOf(dir).prepare('PRAGMA user_version').get()).toMatchObject({ user_version: 3 })
  })

  it('of a newer version, of another program, or that is no database is refused by name', async () => {
    const open = (dir: string) => () => diskStore({ dir }).load('t')
    const [newer, other, none] = [folder(), folder(), folder()]
    for (const dir of [newer, other, none]) mkdirSync(dir)
    const first = diskStore({ dir: newer })
    await first.save('t', stored(1, 1))
    await first.close()
    const raw = rawOf(newer)
    raw.exec('PRAGMA user_version = 99')
    raw.close()
    const foreign = rawOf(other)
    foreign.exec('CREATE TABLE x (y); PRAGMA application_id = 7')
    foreign.close()
    writeFileSync(join(none, 'state.sqlite'), 'no database '.repeat(1_000))
    expect(open(newer)).toThrow(/newer version of heldstate/)
    expect(open(other)).toThrow(/another program/)
    expect(open(none)).toThrow(/could not be opened: .* move the folder away/)
  })

  it('waits for who holds the file without holding up the event loop, in the order of what was asked', async () => {
    const dir = folder()
    const store = diskStore({ dir })
    await store.save('t', stored(1, 1))
    await store.save('gone', stored(1, 1))
    const other = rawOf(dir)
    other.exec('BEGIN IMMEDIATE')
    const ends: string[] = []
    const works = {
      save: store.save('t', stored(2, 2)),
      new: store.save('new', stored(1, 1)),
      drop: store.drop('gone'),
      load: store.load('t'),
      unload: store.unload?.('gone', 1_000),
      unused: store.unused?.(['t'], 1_000),
    }
    for (const [name, work] of Object.entries(works)) void Promise.resolve(work).then(() => ends.push(name))
    let turns = 0
    for (const began = performance.now(); performance.now() - began < 200; turns += 1)
      await new Promise((resolve) => setTimeout(resolve, 1))
    expect(ends).toEqual([])
    expect(turns).toBeGreaterThan(50)
    other.exec('COMMIT')
    other.close()
    expect(await works.load).toEqual(stored(2, 2))
    await Promise.all(Object.values(works))
    expect(ends.sort()).toEqual(Object.keys(works).sort())
    expect(await store.load('gone')).toBeUndefined()
    await store.close()
  })

  it('goes on while another program only reads, for however long', async () => {
    const dir = folder()
    const clock = { ...systemClock, after: (ms: number, run: () => void) => systemClock.after(Math.min(ms, 10), run) }
    const store = diskStore({ dir, clock })
    await store.save('t', stored(1, 1))
    const reader = rawOf(dir)
    reader.exec('BEGIN')
    reader.prepare('SELECT * FROM tokens').all()
    let slowest = 0
    for (let revision = 2; revision < 1_200; revision += 1) {
      const began = performance.now()
      await store.save('t', { ...stored(revision, revision), state: { a: { text: `${revision} `.repeat(1_000) } } })
      slowest = Math.max(slowest, performance.now() - began)
      if (revision % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 2))
    }
    expect(slowest).toBeLessThan(1_000)
    reader.exec('COMMIT')
    reader.close()
    await store.close()
  }, 30_000)

  it('closes while it looks whether the file is damaged', async () => {
    const dir = folder()
    const clock = { ...systemClock, after: (ms: number, run: () => void) => systemClock.after(Math.min(ms, 20), run) }
    const store = diskStore({ dir, clock })
    const tokens = Array.from({ length: 200 }, (_, n) => `t${n}`)
    const large = { ...stored(1, 1), state: { a: { text: 'x'.repeat(50_000) } } }
    await Promise.all(tokens.map((token) => store.save(token, large)))
    for (let round = 0; round < 3; round += 1) {
      const again = diskStore({ dir, clock })
      await again.load('t1')
      await new Promise((resolve) => setTimeout(resolve, 60 + round * 40))
      await again.close()
    }
    await store.close()
  }, 30_000)

  it('that had to wait drops no token that another has loaded since', async () => {
    const dir = folder()
    const [one, two] = [diskStore({ dir }), diskStore({ dir })]
    await one.save('t', stored(1, 1))
    await two.load('t')
    const other = rawOf(dir)
    other.exec('BEGIN IMMEDIATE')
    const drop = one.drop('t')
    await new Promise((resolve) => setTimeout(resolve, 30))
    other.exec('COMMIT')
    other.close()
    await drop
    await two.save('t', stored(2, 2))
    expect(await two.load('t')).toEqual(stored(2, 2))
    await Promise.all([one.close(), two.close()])
  })

  it('counts a load as use, also when its process ends without a word', async () => {
    const dir = folder()
    let now = 0
    const clock = { ...systemClock, now: () => now }
    const first = diskStore({ dir, clock })
    await first.save('t', stored(1, 1))
    await first.unused?.([], 1000)
    await first.close()
    const second = diskStore({ dir, clock }) // never closed in order
    for (now = 100; now <= 900; now += 100) await second.unused?.([], 1000)
    await second.load('t')
    now = 1_050
    const third = diskStore({ dir, clock })
    expect(await third.unused?.([], 1000)).toEqual([])
    await Promise.all([second.close(), third.close()])
  })

  it.skipIf(process.platform === 'win32')(
    'that survives a power cut acknowledges nothing after a sync that failed',
    async () => {
      const dir = folder()
      const store = diskStore({ dir, survives: 'power' })
      await store.open?.()
      const log = join(dir, 'state.sqlite-wal')
      renameSync(log, `${log}.away`) // cannot be opened to be synced
      await expect(Promise.resolve(store.save('t', stored(1, 1)))).rejects.toThrow(/ENOENT/)
      renameSync(`${log}.away`, log)
      expect(await store.load('t')).toEqual(stored(1, 1)) // brought to the medium by a checkpoint first
      await store.save('t', stored(2, 2))
      expect(await store.load('t')).toEqual(stored(2, 2))
      await store.close()
    },
  )

  it('goes on whatever found the file held', async () => {
    const dir = folder()
    const store = diskStore({ dir, log: { info: () => {}, warn: () => {}, error: () => {} } })
    const tokens = ['save', 'load', 'read', 'drop', 'unload', 'unused', 'orphans'] as const
    for (const token of tokens) await store.save(token, stored(1, 1))
    const works = {
      save: () => store.save('save', stored(2, 2)),
      load: () => store.load('load'),
      read: () => store.read('read'),
      drop: () => store.drop('drop'),
      unload: () => store.unload?.('unload', 1_000),
      unused: () => store.unused?.(['unused'], 1_000),
      orphans: () => store.orphans?.(),
    }
    let revision = 0
    for (const name of tokens) {
      const other = rawOf(dir)
      other.exec('BEGIN IMMEDIATE')
      const work = works[name]()
      await new Promise((resolve) => setTimeout(resolve, 20))
      other.exec('COMMIT')
      other.close()
      await Promise.race([work, new Promise((resolve) => setTimeout(resolve, 1))])
      revision += 1
      await store.save('other', stored(revision, revision)) // while that waits, or has ended
      await work
    }
    await store.close()
  })

  it('gives up waiting for who holds the file after a while, and says what may hold it', async () => {
    const dir = folder()
    let late = 0
    const store = diskStore({ dir, clock: { ...systemClock, now: () => Date.now() + late } })
    await store.save('t', stored(1, 1))
    const other = rawOf(dir)
    other.exec('BEGIN IMMEDIATE')
    const save = store.save('t', stored(2, 2))
    const load = store.load('t')
    late = 6_000
    await expect(save).rejects.toThrow(/locked the file for 5000 ms. Close that program/)
    await expect(load).rejects.toThrow(/locked the file/)
    other.exec('COMMIT')
    other.close()
    await store.save('t', stored(2, 3))
    expect(await store.load('t')).toEqual(stored(2, 3))
    await store.close()
  })

  it('lets saves go on while its log is brought to the file, and cuts the log off afterwards', async () => {
    const dir = folder()
    const clock = { ...systemClock, after: (ms: number, run: () => void) => systemClock.after(Math.min(ms, 10), run) }
    const store = diskStore({ dir, clock })
    const sizes: number[] = []
    for (let revision = 1; revision <= 2_000; revision += 1) {
      await store.save('t', { ...stored(revision, revision), state: { a: { text: `${revision} `.repeat(2_000) } } })
      if (revision % 100 === 0) sizes.push(statSync(join(dir, 'state.sqlite-wal')).size)
      if (revision % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    }
    expect(Math.max(...sizes)).toBeLessThan(20_000_000) // of 32 MB that were written
    await vi.waitFor(() => expect(statSync(join(dir, 'state.sqlite-wal')).size).toBeLessThan(1_100_000), 5_000)
    expect(await store.load('t')).toMatchObject({ revision: 2_000 })
    await store.close()
  }, 30_000)

  it('says that another server uses the same folder, and nothing when it has gone', async () => {
    const dir = folder()
    const warnings: string[] = []
    const log = { info: () => {}, error: () => {}, warn: (message: string) => void warnings.push(message) }
    const [one, two] = [diskStore({ dir, log }), diskStore({ dir, log })]
    await one.save('t', stored(1, 1))
    expect(warnings).toEqual([])
    await two.load('t')
    expect(warnings).toEqual([expect.stringContaining(`Another server also uses ${dir}`)])
    await Promise.all([one.close(), two.close()])
    const three = diskStore({ dir, log })
    await three.load('t')
    expect(warnings).toHaveLength(1)
    await three.close()
  })

  it('outlives another process that holds the file while room is given back', async () => {
    const dir = folder()
    const clock = { ...systemClock, after: (ms: number, run: () => void) => systemClock.after(Math.min(ms, 10), run) }
    const store = diskStore({ dir, clock })
    const large = { ...stored(1, 1), state: { a: { text: 'x'.repeat(100_000) } } }
    const tokens = Array.from({ length: 100 }, (_, n) => `t${n}`)
    await Promise.all(tokens.map((token) => store.save(token, large)))
    for (const token of tokens.slice(1)) await store.drop(token)
    const other = rawOf(dir)
    other.exec('BEGIN IMMEDIATE')
    await new Promise((resolve) => setTimeout(resolve, 100)) // the first attempt waits for it in vain
    other.exec('COMMIT')
    other.close()
    await store.save('t0', { ...large, revision: 2 })
    expect(await store.load('t0')).toMatchObject({ revision: 2 })
    await store.close()
  }, 20_000)

  it('lets one of two writers in', async () => {
    const dir = folder()
    const [one, two] = [diskStore({ dir }), diskStore({ dir })]
    await one.save('t', stored(1, 1))
    await two.load('t')
    const both = await Promise.allSettled([one, two].map(async (store, at) => store.save('t', stored(2, 2 + at))))
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(both.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'stale-write' } })
    await Promise.all([one.close(), two.close()])
  })

  it('keeps every acknowledged save, and no torn one, when its process is killed at any moment', async () => {
    for (let round = 0; round < 5; round += 1) {
      const dir = folder()
      const child = spawn(process.execPath, [
        '--import',
        'tsx',
        fileURLToPath(new URL('./writer.fixture.ts', import.meta.url)),
        dir,
      ])
      let acknowledged = 0
      let said = ''
      child.stdout.on('data', (data) => {
        said += data
      })
      await vi.waitFor(() => expect(said.split('\n').length).toBeGreaterThan(20 + round * 30), { timeout: 20_000 })
      child.kill('SIGKILL')
      await new Promise((resolve) => child.once('close', resolve))
      acknowledged = Number(said.trimEnd().split('\n').at(-1))
      const store = diskStore({ dir })
      for (const token of ['t0', 't1', 't2']) {
        const found = await store.load(token)
        const n = (found?.state.a as { n: number } | undefined)?.n ?? 0
        expect(found?.revision).toBe(n)
        expect(found?.state.b).toEqual({ text: String(n).repeat(2_000) })
        expect(found?.calls[0]?.done).toBe(n)
        expect(n).toBeGreaterThanOrEqual(acknowledged)
      }
      await store.close()
    }
  }, 60_000)

  it.skipIf(process.platform === 'win32')('on a full disk refuses a save, has what it had, and lives', async () => {
    const dir = folder()
    const fixture = fileURLToPath(new URL('./full.fixture.ts', import.meta.url))
    const run = `trap '' XFSZ; ulimit -f 400; exec "$0" --import tsx "$1" "$2"` // no file may grow beyond 200 or 400 KB
    const child = spawn('bash', ['-c', run, process.execPath, fixture, dir])
    let said = ''
    child.stdout.on('data', (data) => {
      said += data
    })
    const [code] = await once(child, 'close')
    expect(code).toBe(0)
    const { kept, refusal, loaded } = JSON.parse(said.trim().split('\n').at(-1) ?? '')
    expect(refusal).toMatch(/^The disk rejected the write: ./)
    expect(kept).toBeGreaterThan(3)
    expect(loaded).toBe(kept)
    const store = diskStore({ dir })
    expect(await store.load('t')).toMatchObject({ revision: kept, state: { a: { n: kept } } })
    await store.close()
  })
})
