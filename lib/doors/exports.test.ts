/** Every export of every door. What is added here is public, and what is taken away breaks somebody. */
import { readdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { fromSource } from './exports.fixture.js'

const here = dirname(fileURLToPath(import.meta.url))

it('the doors export this and nothing else', () => {
  const names = readdirSync(here).filter((name) => /^[a-z]+\.ts$/.test(name))
  expect(
    Object.fromEntries(names.map((name) => [name.replace('.ts', ''), fromSource(`${here}/${name}`)])),
  ).toMatchInlineSnapshot(`
    {
      "authors": [
        "HeldStateError",
        "ImmutableStateError",
        "Refusal",
        "defineState",
        "plain",
        "type ArgsOf",
        "type ClientView",
        "type Definition",
        "type ErrorCode",
        "type EventContext",
        "type Held",
        "type HeldToken",
        "type Self",
        "type StateOf",
        "type TaskHandle",
        "type Trigger",
        "type ViewOf",
      ],
      "instrumentation": [
        "register",
        "type AttachOptions",
      ],
      "next": [
        "diskStore",
        "serve",
        "type DiskStoreOptions",
        "type ServeOptions",
        "withHeldState",
      ],
      "provider": [
        "HeldStateProvider",
        "type HeldStateProviderProps",
      ],
      "react": [
        "ConnectionStatus",
        "HeldStateError",
        "heldFetch",
        "type ClientView",
        "type Connection",
        "type ConnectionStatusProps",
        "type ErrorCode",
        "type EventFunction",
        "type Issue",
        "type TaskHandle",
        "useConnection",
        "useServerState",
      ],
      "route": [
        "GET",
      ],
      "server": [
        "HeldStateError",
        "ImmutableStateError",
        "Refusal",
        "createHub",
        "forgetBrowser",
        "forgetTab",
        "getState",
        "hub",
        "memoryStore",
        "modifyState",
        "redisStore",
        "type ErrorCode",
        "type Hub",
        "type HubOptions",
        "type RedisStoreOptions",
        "type StateStore",
        "type Stored",
      ],
      "stub": [
        "predictions",
        "stub",
      ],
      "testing": [
        "TestClock",
        "TestTab",
        "storeSuite",
        "testHub",
        "type TestKit",
        "type TestLog",
      ],
    }
  `)
})

const doors = {
  authors: () => import('./authors.js'),
  instrumentation: () => import('./instrumentation.js'),
  provider: () => import('./provider.js'),
  react: () => import('./react.js'),
  server: () => import('./server.js'),
  stub: () => import('./stub.js'),
  testing: () => import('./testing.js'),
}

it.each(Object.entries(doors))('the door %s has these values when it is imported', async (name, open) => {
  const door: Readonly<Record<string, unknown>> = await open()
  const values = fromSource(`${here}/${name}.ts`).filter((exported) => !exported.startsWith('type '))
  expect(Object.keys(door).sort()).toEqual(values)
  for (const value of values) expect(door[value]).toBeDefined()
})
