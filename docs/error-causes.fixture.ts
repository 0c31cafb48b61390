/**
 * Brings about the errors that an operator, the network or the set-up of an app causes, as their pages say. Errors that the code of a state
 * module causes have an example in their page.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createElement } from 'react'
import { renderToString } from 'react-dom/server'
import { onTestFinished, vi } from 'vitest'
import { systemClock } from '../lib/base/clock.js'
import type { ErrorCode } from '../lib/base/errors.js'
import type { Limits } from '../lib/base/limits.js'
import { redisCoordinator } from '../lib/cluster/redis/coordinator.js'
import { freePort, RedisServer } from '../lib/cluster/redis/server.fixture.js'
import { sharedStore } from '../lib/cluster/shared-store.js'
import { defineState } from '../lib/doors/authors.js'
import { diskStore, hub, modifyState, redisStore } from '../lib/doors/server.js'
import { setSlot } from '../lib/hub/process-hub.js'
import { appHub } from '../lib/next/server/app-hub.js'
import { type TestKit, testHub } from '../lib/testing/kit.js'
import { networkCauses } from './network-causes.fixture.js'

export interface Given {
  readonly limits: Partial<Limits>
  /** Loads an example of the page by its name. */
  load(name: string): Promise<Record<string, unknown>>
}

export interface Cause {
  /** What comes about is in the page, in these words. */
  readonly says: string
  /** Bounds that the page names. */
  readonly limits?: Partial<Limits>
  /** Variables that the page names. */
  readonly env?: Readonly<Record<string, string>>
  /** Throws the error, or gives the code where it is seen otherwise, such as in an answer. */
  run(given: Given): unknown
}

const counter = defineState('counter', () => ({ n: 0 })).events((on) => ({
  add: on((s) => {
    s.n += 1
  }),
}))
const add = (s: { n: number }) => {
  s.n += 1
}
const nobody = '0'.repeat(32)

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'heldstate-errors-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/** A server that does nothing but answer 404 to all. */
async function emptyServer(): Promise<number> {
  const server = createServer((_, response) => response.writeHead(404).end())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return (server.address() as AddressInfo).port
}

/** The hub of an app, as `heldstate start` or, in development, `heldstate dev` makes it. */
function app({ dir = folder(), port = 0, development = false } = {}) {
  const lines: string[] = []
  const note = (message: string) => void lines.push(message)
  onTestFinished(() => setSlot(undefined))
  const made = appHub({
    given: { log: { info: note, warn: note, error: note } },
    dir,
    development,
    origin: () => `http://127.0.0.1:${port}`,
  })
  onTestFinished(() => made.close())
  return { made, lines }
}

/** What `serve` calls before it ends the process. The settings of the library compile it, not those of the docs. */
const serverFile = fileURLToPath(new URL('../lib/next/server/server.ts', import.meta.url))

const slotOf = globalThis as { [key: symbol]: unknown }

const ofTheApp: Partial<Record<ErrorCode, Cause>> = {
  'called-while-rendering': {
    says: '`<p>{c.add()}</p>`',
    run: async ({ load }) => renderToString(createElement((await load('wrong.tsx')).Wrong as () => never)),
  },
  'client-only': {
    says: 'is imported by a page, a layout or another server component',
    run: async () => (await import('../lib/doors/react-server.js')).useServerState(),
  },
  'missing-hub': {
    says: 'It is used in another process: a script, a worker',
    run: () => {
      setSlot(undefined)
      return modifyState(nobody, counter, add)
    },
  },
  'missing-plugin': {
    says: 'A definition stands in a file that is not named `*.state.ts`',
    run: async ({ load }) => {
      vi.stubEnv('NODE_ENV', 'production')
      vi.resetModules()
      vi.doMock('../lib/doors/authors.js', () => import('../lib/doors/authors-browser.js')) // as a bundler of pages does it
      onTestFinished(() => {
        vi.doUnmock('../lib/doors/authors.js')
        vi.resetModules()
      })
      await load('cart-state.ts')
    },
  },
  'registry-unreachable': {
    says: '`app/api/heldstate/route.ts` is missing',
    run: async () => app({ port: await emptyServer() }).made.modifyState(nobody, counter, add),
  },
  'static-export': {
    says: 'As soon as Next reads the config',
    run: ({ load }) => load('next.config.ts'),
  },
  'version-mismatch': {
    says: 'one has made the hub and the other asks for it',
    run: () => {
      app()
      const key = Symbol.for('heldstate.slot')
      slotOf[key] = { ...(slotOf[key] as object), version: '0.0.1' }
      return hub.backgroundTasks
    },
  },
}

const ofTheStart: Partial<Record<ErrorCode, Cause>> = {
  'missing-secret': {
    says: 'State is kept in a redis, by `HELDSTATE_REDIS`',
    env: { HELDSTATE_REDIS: 'redis://127.0.0.1:1', HELDSTATE_SECRET: '' },
    run: () => app(),
  },
  'weak-secret': {
    says: 'in development it is only said',
    env: { HELDSTATE_SECRET: 'open sesame' },
    run: () => {
      const { lines } = app({ development: true })
      if (!lines.some((line) => line.includes('has 11 characters'))) throw new Error('nothing was said in development')
      app()
    },
  },
  'port-unavailable': {
    says: 'Another process has the port',
    run: async () => {
      const { start } = await import(/* @vite-ignore */ serverFile)
      await start({ port: await emptyServer(), hostname: '127.0.0.1', dir: folder() })
    },
  },
  'store-not-writable': {
    says: 'The folder in which state is kept cannot be written',
    run: () => {
      const dir = folder()
      writeFileSync(join(dir, '.heldstate'), 'a file, in which nothing can be')
      app({ dir })
    },
  },
}

const ofTheStore: Partial<Record<ErrorCode, Cause>> = {
  'load-failed': {
    says: 'The database in `.heldstate` is damaged',
    run: async () => {
      const dir = folder()
      writeFileSync(join(dir, 'state.sqlite'), 'no database'.repeat(1_000))
      const { open, done, log } = kitOn(dir)
      const tab = await open()
      await tab.watch(counter)
      const code = await done(tab.state(counter).add()).catch((error) => error.code)
      return log.lines.some((line) => line.includes(dir)) ? code : `The log does not name the folder: ${log.lines}`
    },
  },
  'stale-write': {
    says: 'The log of the second one says so when it starts. A tab belongs to the server that loaded it last',
    run: async () => {
      const dir = folder()
      const [one, two] = [kitOn(dir), kitOn(dir)]
      const tab = await one.open()
      await tab.watch(counter)
      await one.done(tab.state(counter).add())
      await two.done(two.hub.modifyState(tab.token, counter, add))
      if (!two.said.some((line) => line.includes(dir))) throw new Error(`The log does not say so: ${two.said}`)
      const call = tab.state(counter).add()
      await one.clock.settle()
      if (tab.connection === 'live') throw new Error('The page has not been sent away.')
      await tab.reconnect() // and sends the call again
      await one.done(call)
      if (tab.state(counter).n !== 3) throw new Error(`${tab.state(counter).n} instead of 3`)
      await two.done(two.hub.modifyState(tab.token, counter, add))
    },
  },
  'store-misconfigured': {
    says: 'The redis wants a password',
    run: async () => {
      const redis = await RedisServer.start('--requirepass', 'secret')
      onTestFinished(() => redis.remove())
      const store = redisStore(redis.url)
      onTestFinished(() => store.close())
      await store.open()
    },
  },
  'store-unreachable': {
    says: 'The redis of `redisStore` does not run',
    run: async () => {
      const log = { info: () => {}, warn: () => {}, error: () => {} }
      const url = `redis://127.0.0.1:${await freePort()}`
      const bounds = { storeOpenMs: 300 } // instead of 5 seconds
      const coordinator = redisCoordinator({ url, prefix: 'heldstate:', clock: systemClock, log, bounds })
      const store = sharedStore({ coordinator, clock: systemClock, log, leaseMs: 4_000 })
      onTestFinished(() => store.close())
      await store.open()
    },
  },
}

function kitOn(dir: string): TestKit & { said: readonly string[] } {
  const said: string[] = []
  const note = (message: string) => void said.push(message)
  const store = diskStore({ dir, log: { info: note, warn: note, error: note } })
  onTestFinished(() => store.close())
  return Object.assign(testHub([counter], { store }), { said })
}

export const causes: Partial<Record<ErrorCode, Cause>> = { ...ofTheApp, ...ofTheStart, ...ofTheStore, ...networkCauses }
