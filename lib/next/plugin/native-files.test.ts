import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { clients, nativeFiles } from './native-files.js'

const app = mkdtempSync(join(tmpdir(), 'heldstate-native-'))
afterAll(() => rmSync(app, { recursive: true, force: true }))

function install(name: string, dependencies: Readonly<Record<string, string>> = {}): void {
  const folder = join(app, 'node_modules', name)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, dependencies }))
}

test('a standalone build is given the client of the redis store, with all that it needs, if the app has it', () => {
  const ofStoreOnDisk = nativeFiles(app)
  for (const name of ['libsql', '@neon-rs/load', 'detect-libc', '@libsql/*'])
    expect(ofStoreOnDisk).toContainEqual(
      expect.stringMatching(new RegExp(`node_modules/${name.replace('*', '\\*')}/\\*\\*$`)),
    )
  expect(clients(app)).toEqual([])
  install('redis', { '@redis/client': '6', '@redis/json': '6' })
  install('@redis/client', { 'cluster-key-slot': '1' })
  install('@redis/json', { '@redis/client': '6' })
  install('cluster-key-slot')
  expect(clients(app)).toEqual(['redis'])
  const names = ['redis', '@redis/client', 'cluster-key-slot', '@redis/json']
  expect(nativeFiles(app)).toEqual([...ofStoreOnDisk, ...names.map((name) => `node_modules/${name}/**`)])
})
