import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { setSlot } from '../../hub/process-hub.js'
import { memoryStore } from '../../store/memory.js'
import { appHub } from './app-hub.js'

let dir = ''
const silent = { info: () => {}, warn: () => {}, error: () => {} }
const made = (development: boolean, given = {}) =>
  appHub({ given: { log: silent, ...given }, dir, development, origin: () => 'http://localhost' })

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'heldstate-app-hub-'))
  for (const name of ['HELDSTATE_DIR', 'HELDSTATE_SECRET', 'HELDSTATE_REDIS']) vi.stubEnv(name, '')
})
afterEach(() => {
  vi.unstubAllEnvs()
  setSlot(undefined)
  rmSync(dir, { recursive: true, force: true })
})

test('state is kept beside the app, with a secret that is made', async () => {
  const hub = made(false)
  expect(hub.store.shared).toBe(undefined)
  expect(existsSync(join(dir, '.heldstate/secret'))).toBe(true)
  await hub.close()
})

test('HELDSTATE_REDIS names the redis in which it is kept; in production its processes share a secret', async () => {
  vi.stubEnv('HELDSTATE_REDIS', 'redis://localhost:1')
  expect(() => made(false)).toThrow(expect.objectContaining({ code: 'missing-secret' }))
  expect(existsSync(join(dir, '.heldstate'))).toBe(false)
  vi.stubEnv('HELDSTATE_SECRET', 'as long as it should be')
  const hub = made(false)
  expect(hub.store.shared?.leaseMs).toBe(4_000)
  expect(existsSync(join(dir, '.heldstate'))).toBe(false)
  await hub.close()
})

test('in development over a redis a secret is made, and a store that is given comes first', async () => {
  vi.stubEnv('HELDSTATE_REDIS', 'redis://localhost:1')
  const hubs = [made(true), made(false, { store: memoryStore() })]
  expect(hubs.map(({ store }) => store.shared !== undefined)).toEqual([true, false])
  for (const hub of hubs) await hub.close()
})

test('a url that is none is refused', () => {
  vi.stubEnv('HELDSTATE_REDIS', 'localhost:6379')
  expect(() => made(true)).toThrow(expect.objectContaining({ code: 'store-misconfigured' }))
})
