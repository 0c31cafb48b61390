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
      "ai": [
        "chatTransport",
        "type ChatDefinition",
        "type ServerChat",
        "useServerChat",
      ],
      "authors": [
        "HeldStateError",
        "ImmutableStateError",
        "Refusal",
        "append",
        "defineState",
        "plain",
        "reply",
        "type ArgsOf",
        "type Background",
        "type Builder",
        "type Call",
        "type ClientView",
        "type DeepReadonly",
        "type Definition",
        "type Duration",
        "type EndedRun",
        "type ErrorCode",
        "type EventContext",
        "type EventDeclaration",
        "type EventFunction",
        "type EventOptions",
        "type EventResult",
        "type Failure",
        "type Flat",
        "type Held",
        "type HeldToken",
        "type Issue",
        "type Json",
        "type Manifest",
        "type On",
        "type Predict",
        "type Predictions",
        "type Replied",
        "type Reply",
        "type ReplyOf",
        "type Results",
        "type SchemaArgs",
        "type Self",
        "type Shape",
        "type ShapeOf",
        "type StartedRun",
        "type StartingTask",
        "type StateOf",
        "type Storable",
        "type TaskCopy",
        "type TaskDeclaration",
        "type TaskHandle",
        "type TaskOptions",
        "type TaskResult",
        "type TaskTrigger",
        "type Trigger",
        "type TriggerOptions",
        "type Triggers",
        "type TriggersOf",
        "type ViewOf",
      ],
      "faults": [
        "faults",
        "type Faults",
        "type FaultsNow",
        "type WireEvent",
      ],
      "instrumentation": [
        "register",
        "type AttachOptions",
      ],
      "next": [
        "diskStore",
        "serve",
        "type DiskStoreOptions",
        "type HeldStateConfig",
        "type ServeOptions",
        "type Served",
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
        "type Call",
        "type ChoiceProps",
        "type ClientView",
        "type Connection",
        "type ConnectionState",
        "type ConnectionStatusProps",
        "type DefaultValue",
        "type Definition",
        "type ErrorCode",
        "type EventFunction",
        "type FieldName",
        "type FieldProps",
        "type FormAction",
        "type FormControl",
        "type FormErrors",
        "type FormState",
        "type FormValues",
        "type Issue",
        "type ServerForm",
        "type ServerFormOptions",
        "type TaskHandle",
        "useConnection",
        "useServerForm",
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
        "diskStore",
        "forgetBrowser",
        "forgetTab",
        "getState",
        "hub",
        "memoryStore",
        "modifyState",
        "redisStore",
        "type BackgroundTask",
        "type CallEnd",
        "type CallReply",
        "type Clock",
        "type DiskStoreOptions",
        "type DurableRun",
        "type Ears",
        "type ErrorCode",
        "type Fields",
        "type GivenRequest",
        "type Hub",
        "type HubOptions",
        "type Limits",
        "type Log",
        "type Memory",
        "type PageCalls",
        "type RedisStoreOptions",
        "type RunEnd",
        "type RunningTask",
        "type Shared",
        "type SharedStore",
        "type State",
        "type StateStore",
        "type Stored",
        "type StoredShape",
        "type TaskEnd",
        "type TaskName",
        "type Whose",
      ],
      "stub": [
        "predictions",
        "stub",
      ],
      "testing": [
        "TestClock",
        "storeSuite",
        "testHub",
        "type TestKit",
        "type TestLog",
        "type TestTab",
      ],
      "unconnected": [],
      "vite": [
        "heldState",
        "type VitePlugin",
      ],
    }
  `)
})

const doors = {
  ai: () => import('./ai.js'),
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

it.each([
  ['authors', 'authors-browser'],
  ['server', 'server-edge'],
  ['provider', 'provider-edge'],
  ['react', 'react-server'],
  ['ai', 'ai-server'],
])('what stands in place of the door %s elsewhere has its names, as bundlers want it', (door, other) => {
  const values = fromSource(`${here}/${door}.ts`).filter((exported) => !exported.startsWith('type '))
  expect(fromSource(`${here}/${other}.ts`)).toEqual(values)
})

it.each(['./server-edge.js', './provider-edge.js'])(
  '%s refuses to be in a bundle for the edge runtime, by name',
  async (door) => {
    await expect(import(door)).rejects.toMatchObject({
      code: 'missing-hub',
      message: expect.stringMatching(/edge runtime.*Remove `runtime = 'edge'`/),
    })
  },
)

it.each(['./react-server.js', './ai-server.js'])(
  '%s leads a server component that calls something of it to its own file',
  async (door) => {
    const { HeldStateError: _, ConnectionStatus: __, ...rest }: Record<string, unknown> = await import(door)
    for (const [name, called] of Object.entries(rest as Record<string, () => never>))
      expect(called).toThrow(
        expect.objectContaining({
          code: 'client-only',
          message: expect.stringMatching(`^${name} .*a server component called it.*(?:'use client'|getState)`),
        }),
      )
    expect(Object.keys(rest).length).toBeGreaterThan(1)
  },
)
