import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { sqliteDriver } from '../store/disk/sqlite.js'
import { diskStore } from '../store/disk/store.js'
import type { Stored } from '../store/store.js'
import { storeFindings } from './store-findings.js'

const root = mkdtempSync(join(tmpdir(), 'heldstate-doctor-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const board = (n: number): Stored => ({
  revision: 1,
  state: { board: { rows: Array.from({ length: 100 }, (_, id) => ({ id, n })) }, 'cart/x': { n } },
  calls: [],
  running: n === 1 ? [{ definition: 'board', task: 'sync', run: 'r', node: 'n', attempt: 1 }] : [],
  ended: [],
  shapes: {},
})

async function filled(name: string): Promise<string> {
  const dir = join(root, name)
  const store = diskStore({ dir })
  for (let n = 0; n < 50; n += 1) await store.save(`t${n}`, board(n))
  await store.close()
  return dir
}

const kinds = (dir: string) => storeFindings(dir).map(({ kind, text }) => `${kind} ${text}`)

it('says how large the store is and what takes the most of it, also while a server has it open', async () => {
  const dir = await filled('open')
  const server = diskStore({ dir })
  await server.load('t1')
  const [finding, ...others] = kinds(dir)
  expect(others).toEqual([])
  expect(finding).toMatch(
    /^fine .*state\.sqlite: [\d.]+ (KB|MB); 50 tabs, 1 with background tasks; largest states: board [\d.]+ KB in 50 tabs, cart%2Fx/,
  )
  await server.save('t1', { ...board(1), revision: 2 })
  expect(await server.load('t1')).toMatchObject({ revision: 2 })
  await server.close()
})

it('says nothing where there is no store, and nothing is made', () => {
  const dir = join(root, 'none')
  expect(kinds(dir)).toEqual([])
  mkdirSync(dir)
  expect(kinds(dir)).toEqual([])
})

it('names what is damaged, set aside, of another program, open to others, or of an older version', async () => {
  const dir = await filled('damaged')
  const file = join(dir, 'state.sqlite')
  const raw = sqliteDriver().open(file)
  raw.exec("UPDATE texts SET key = 'damaged/' || key WHERE token_id = 3 AND key = 'field/board/rows'")
  raw.close()
  chmodSync(file, 0o644)
  writeFileSync(join(dir, 'data.mdb'), '')
  expect(kinds(dir)).toEqual([
    expect.stringMatching(/^fine /),
    expect.stringMatching(/^note 1 value in .* was set aside/),
    expect.stringMatching(/^note .* can be read by other users .*chmod 600/),
    expect.stringMatching(/^note .*data\.mdb/),
  ])
  const spoilt = join(root, 'spoilt')
  mkdirSync(spoilt)
  const bytes = readFileSync(file)
  bytes.fill(7, 4096 * 3, 4096 * 8)
  writeFileSync(join(spoilt, 'state.sqlite'), bytes)
  expect(kinds(spoilt)).toEqual([expect.stringMatching(/^broken .* (is damaged|cannot be read)/)])
  const other = join(root, 'other')
  mkdirSync(other)
  copyFileSync(new URL(import.meta.url), join(other, 'state.sqlite'))
  expect(kinds(other)).toEqual([expect.stringMatching(/^broken The store in .* cannot be read/)])
})
