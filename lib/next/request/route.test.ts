import { afterEach, describe, expect, it, vi } from 'vitest'
import { defineState } from '../../doors/authors.js'
import { setSlot } from '../../hub/process-hub.js'
import type { StateModule } from '../../state/registry.js'
import { testHub } from '../../testing/kit.js'
import { GET } from './route.js'
import { routeKeyHeader } from './route-path.js'

/** What the loader of the plugin puts into `heldstate-modules`; nothing stands for a config without the plugin. */
let compiled: (() => Promise<readonly StateModule[]>) | undefined

vi.mock('../plugin/heldstate-modules.js', async (original) => {
  const { modules } = await original<typeof import('../plugin/heldstate-modules.js')>()
  return { modules: () => (compiled ?? modules)() }
})

vi.mock('../../protocol/heldstate-app.js', () => ({ heldApp: { zone: '', id: '/#1a2b3c4d' } }))

afterEach(() => {
  setSlot(undefined)
  compiled = undefined
})

const d = defineState('d', () => ({ n: 0 }))
const moduleOf = (source: string, ...definitions: unknown[]): StateModule => ({
  source,
  exports: Object.fromEntries(definitions.map((definition, index) => [`export${index}`, definition])),
})

function served() {
  const { hub } = testHub([])
  setSlot({ hub, routeKey: 'the key' })
  return hub
}

const ask = async (key?: string) => {
  const response = await GET(new Request('http://a/api/heldstate', { headers: key ? { [routeKeyHeader]: key } : {} }))
  return { status: response.status, body: await response.text() }
}

describe('the route', () => {
  it('does not exist for anybody who has not the key, or where no hub runs', async () => {
    compiled = async () => [moduleOf('app/d.state.ts', d)]
    const none = { status: 404, body: '' }
    expect(await ask('undefined')).toEqual(none)
    expect(await ask()).toEqual(none)
    const hub = served()
    expect(await ask()).toEqual(none)
    expect(await ask('another key')).toEqual(none)
    expect(hub.registry.has('d')).toBe(false)
  })

  it('puts the definitions of all state modules into the hub, in place of those before', async () => {
    const hub = served()
    const other = defineState('other', () => ({}))
    compiled = async () => [moduleOf('app/d.state.ts', d), moduleOf('app/other.state.ts', other, 'no definition')]
    expect(await ask('the key')).toEqual({ status: 200, body: '{"modules":["app/d.state.ts","app/other.state.ts"]}' })
    expect([hub.registry.get('d'), hub.registry.get('other')]).toEqual([d, other])
    const edited = defineState('d', () => ({ n: 1 }))
    compiled = async () => [moduleOf('app/d.state.ts', edited)]
    await ask('the key')
    expect(hub.registry.get('d')).toBe(edited)
    expect(hub.registry.has('other')).toBe(false)
  })

  it('says what is wrong with the modules, and the definitions before stay', async () => {
    const hub = served()
    compiled = async () => [moduleOf('app/d.state.ts', d)]
    await ask('the key')
    compiled = async () => [
      moduleOf('app/a.state.ts', d),
      moduleOf(
        'app/b.state.ts',
        defineState('d', () => ({})),
      ),
    ]
    const { status, body } = await ask('the key')
    expect(status).toBe(500)
    expect(JSON.parse(body)).toEqual({
      code: 'duplicate-id',
      message: expect.stringMatching(/app\/a\.state\.ts.*app\/b\.state\.ts/),
    })
    compiled = async () => {
      throw new Error('thrown while it was evaluated')
    }
    expect(JSON.parse((await ask('the key')).body)).toEqual({
      code: 'invalid-definition',
      message: 'thrown while it was evaluated',
    })
    expect(hub.registry.get('d')).toBe(d)
  })

  it('names the missing plugin', async () => {
    served()
    const { status, body } = await ask('the key')
    expect(status).toBe(500)
    expect(JSON.parse(body)).toEqual({ code: 'missing-plugin', message: expect.stringContaining('withHeldState') })
  })
})

it('tells the hub which app it serves, with the definitions of the same build', async () => {
  const hub = served()
  compiled = async () => [moduleOf('d.state.ts', d)]
  expect(hub.registry.app).toBeUndefined()
  await ask('the key')
  expect(hub.registry.app).toBe('/#1a2b3c4d')
})
