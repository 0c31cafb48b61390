/** An app whose config is not wrapped: what the developer is told, where Next and its bundlers say something else or nothing. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test, vi } from 'vitest'
import { memoryStore } from '../../doors/server.js'
import { start } from '../server/server.js'
import { withHeldState } from './config.js'

let configure = () => {}

vi.mock('next', () => ({
  default: () => ({ prepare: async () => configure(), getRequestHandler: () => () => {}, close: async () => {} }),
}))

const dir = mkdtempSync(join(tmpdir(), 'heldstate-unwrapped-'))
afterAll(() => rmSync(dir, { recursive: true }))
afterEach(() => vi.unstubAllEnvs())

async function saidAtStart(dev: boolean): Promise<readonly string[]> {
  const lines: string[] = []
  const note = (message: string) => void lines.push(message)
  const hub = { log: { info: () => {}, warn: note, error: note }, store: memoryStore(), secret: 'of this test alone' }
  const { close } = await start({ port: 0, hostname: '127.0.0.1', dir, dev, hub })
  await close()
  return lines.filter((line) => line.includes('not wrapped'))
}

test('the server in development says so when it starts, in production not, and nothing once it is wrapped', async () => {
  expect(await saidAtStart(false)).toEqual([])
  expect(await saidAtStart(true)).toEqual([expect.stringMatching(/not wrapped.*export default withHeldState/)])
  configure = () => void withHeldState({})
  expect(await saidAtStart(true)).toEqual([])
})

test('a build fails and says so, since the route is loaded for it', async () => {
  vi.stubEnv('NEXT_PHASE', 'phase-production-build')
  vi.resetModules()
  await expect(import('../request/route.js')).rejects.toMatchObject({
    code: 'missing-plugin',
    message: expect.stringContaining('withHeldState'),
  })
})
