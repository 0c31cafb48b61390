import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { warnOfUnserved } from './unserved.js'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'heldstate-unserved-'))
  write('next.config.ts')
})
afterEach(() => rmSync(dir, { recursive: true }))

const write = (name: string) => writeFileSync(join(dir, name), '')
const dev = ['/app/node_modules/next/dist/server/lib/start-server.js']
const start = ['/app/node_modules/.bin/next', 'start', '-p', '4000']

function said(...args: string[]): string[] {
  const lines: string[] = []
  warnOfUnserved({ args, dir }, { info: () => {}, warn: (line) => void lines.push(line), error: () => {} })
  return lines
}

it.each([
  ['dev', dev],
  ['start', start],
  ['start', ['/app/node_modules/next/dist/bin/next', 'start']],
])('names the command to run in place of next %s', (command, args) => {
  expect(said(...args)).toEqual([
    `"next ${command}" starts this app without heldstate: pages show first values, and their calls wait. Run "heldstate ${command}" ` +
      "instead, or add instrumentation.ts next to the folder app, with: export { register } from 'heldstate/next/instrumentation'",
  ])
})

it.each([
  ['a build', ['/app/node_modules/.bin/next', 'build']],
  ['heldstate dev', ['/app/node_modules/.bin/heldstate', 'dev']],
  ['a server of your own', ['/app/server.ts']],
  ['a test', ['/app/node_modules/vitest/dist/workers/forks.js']],
])('says nothing to %s', (_, args) => {
  expect(said(...args)).toEqual([])
})

it('says nothing to an app with instrumentation, next to app or in src', () => {
  mkdirSync(join(dir, 'src'))
  write('src/instrumentation.ts')
  expect(said(...dev)).toEqual([])
  rmSync(join(dir, 'src'), { recursive: true })
  expect(said(...dev)).toHaveLength(1)
  write('instrumentation.mjs')
  expect(said(...dev)).toEqual([])
})

it('says nothing where Next was started for another folder', () => {
  rmSync(join(dir, 'next.config.ts'))
  expect(said(...dev)).toEqual([])
})
