import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../base/clock.js'
import { type DiskStoreOptions, diskStore } from './disk.js'
import type { StateStore } from './store.js'
import { storeSuite } from './suite.js'

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

/** What a store keeps, as LMDB has it. */
async function rawOf(dir: string) {
  const { open } = await import('lmdb')
  return open<string, string[]>({ path: dir, encoding: 'string', useVersions: true })
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
    await expect(store.save('t', stored(2, 2))).rejects.toMatchObject({ code: 'hub-closed' })
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
    await new Promise((resolve) => setTimeout(resolve, 20)) // LMDB looks after its transactions in a timer, which throws
  })

  it('writes only what a save changed, of a large field as well', async () => {
    const dir = folder()
    const store = diskStore({ dir })
    const rows = Array.from({ length: 10_000 }, (_, id) => ({ id, done: false }))
    const one = { ...stored(1, 1), state: { a: { n: 1, rows } } }
    await store.save('t', one)
    await store.save('t', { ...one, revision: 2, state: { a: { n: 2, rows } } })
    const changed = rows.with(5_000, { id: 5_000, done: true })
    await store.save('t', { ...one, revision: 3, state: { a: { n: 2, rows: changed } } })
    await store.close()
    const raw = await rawOf(dir)
    const written = (version: number) =>
      [...raw.getRange({ start: ['t'], end: ['t', '\uffff'], versions: true })]
        .filter(({ key, version: of }) => Array.isArray(key) && of === version)
        .map(({ key, value }) => [key[1], value.length < 100])
    expect(written(1)).toContainEqual(['field\u0000a\u0000rows', false])
    expect(written(2)).toEqual([['field\u0000a\u0000n', true]])
    expect(written(3)).toEqual([['field\u0000a\u0000rows\u00001', true]])
    await raw.close()
    const again = diskStore({ dir })
    expect((await again.load('t'))?.state).toEqual({ a: { n: 2, rows: changed } })
    await again.close()
  })

  it('gives what can be read of a damaged state, says which part could not, and keeps that aside', async () => {
    const dir = folder()
    const store = diskStore({ dir })
    await store.save('t', stored(1, 1))
    await store.close()
    const raw = await rawOf(dir)
    await raw.put(['t', 'field\u0000a\u0000n'], '{"n":', 1)
    const errors: string[] = []
    const log = { info: () => {}, warn: () => {}, error: (message: string) => void errors.push(message) }
    const again = diskStore({ dir, log } satisfies DiskStoreOptions)
    const found = await again.load('t')
    expect(found).toEqual({ ...stored(1, 1), state: { b: { text: 'x'.repeat(100) } }, shapes: {} })
    expect(errors).toEqual([expect.stringContaining('"a" of a tab could not be read and starts anew')])
    await again.save('t', { ...stored(2, 5) })
    expect(await again.load('t')).toEqual(stored(2, 5))
    expect(raw.get(['t', 'damaged\u0000field\u0000a\u0000n'])).toBe('{"n":')
    await again.close()
  })

  it('starts a tab anew whose record is damaged, and says so', async () => {
    const dir = folder()
    const raw = await rawOf(dir)
    await raw.put(['t'], 'nonsense', 7)
    const errors: string[] = []
    const log = { info: () => {}, warn: () => {}, error: (message: string) => void errors.push(message) }
    const store = diskStore({ dir, log })
    expect(await store.load('t')).toBeUndefined()
    await store.save('t', stored(1, 1))
    expect(await store.load('t')).toEqual(stored(1, 1))
    expect(errors).toEqual(['The saved state of a tab could not be read, so the tab starts anew.'])
    await Promise.all([store.close(), raw.close()])
  })

  it('that cannot be opened says where it is and what to do', async () => {
    const dir = folder()
    writeFileSync(dir, 'a file, and no folder')
    await expect(Promise.resolve(diskStore({ dir: join(dir, 'state') }).load('t'))).rejects.toThrow(
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
    now = 1800
    expect(await second.unused?.(['open'], 1000)).toEqual([])
    now = 2000
    expect(await second.unused?.([], 1000)).toEqual(['left', 'new'])
    await second.drop('left')
    expect(await second.unused?.([], 1000)).toEqual(['new'])
    expect([await second.load('left'), await second.load('open')]).toEqual([undefined, stored(2, 2)])
    await second.close()
  })

  it('finds those among thousands', async () => {
    let now = 0
    const store = diskStore({ dir: folder(), clock: { ...systemClock, now: () => now } })
    const tokens = Array.from({ length: 2500 }, (_, n) => `t${n}`)
    await Promise.all(tokens.map((token) => store.save(token, stored(1, 1))))
    now = 1500
    expect(await store.unused?.(tokens.slice(0, 2300), 1000)).toHaveLength(200)
    await store.close()
  })

  it('leaves nothing of a dropped token, not even what was damaged', async () => {
    const dir = folder()
    const store = diskStore({ dir, log: { info: () => {}, warn: () => {}, error: () => {} } })
    for (const token of ['t', 'tt']) await store.save(token, stored(1, 1))
    const raw = await rawOf(dir)
    await raw.put(['t', 'field\u0000a\u0000n'], 'nonsense', 1)
    await store.load('t')
    await store.drop('t')
    const left = [...raw.getKeys({ start: ['t'], end: ['u'] })].map((key) => [key].flat()[0])
    expect(new Set(left)).toEqual(new Set(['tt']))
    await Promise.all([store.close(), raw.close()])
  })

  it('lets one of two writers in', async () => {
    const dir = folder()
    const [one, two] = [diskStore({ dir }), diskStore({ dir })]
    await one.save('t', stored(1, 1))
    await two.load('t')
    const both = await Promise.allSettled([one.save('t', stored(2, 2)), two.save('t', stored(2, 3))])
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
        fileURLToPath(new URL('./disk-writer.fixture.ts', import.meta.url)),
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
    const fixture = fileURLToPath(new URL('./disk-full.fixture.ts', import.meta.url))
    const run = `trap '' XFSZ; ulimit -f 400; exec "$0" --import tsx "$1" "$2"` // no file may grow beyond 200 or 400 KB
    const child = spawn('bash', ['-c', run, process.execPath, fixture, dir])
    let said = ''
    child.stdout.on('data', (data) => {
      said += data
    })
    const [code] = await once(child, 'close')
    expect(code).toBe(0)
    const { kept, refusal, loaded } = JSON.parse(said.trim().split('\n').at(-1) ?? '')
    expect(refusal).toMatch(/^The disk refused it: ./)
    expect(kept).toBeGreaterThan(3)
    expect(loaded).toBe(kept)
    const store = diskStore({ dir })
    expect(await store.load('t')).toMatchObject({ revision: kept, state: { a: { n: kept } } })
    await store.close()
  })
})
