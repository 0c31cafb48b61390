import { afterAll, expect, it } from 'vitest'
import { defineState } from '../../doors/authors.js'
import { HubRuntime } from '../../hub/hub.js'
import type { HubOptions } from '../../hub/options.js'
import { signToken } from '../../instance/token.js'
import { protocolVersion } from '../../protocol/version.js'
import { RedisServer } from './server.fixture.js'
import { redisStore } from './store.js'

const redis = await RedisServer.start()
afterAll(() => redis.remove())
const d = defineState('d', () => ({ n: 0 }))
const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
const browser = 'cd'.repeat(16)
let made = 0
async function hubOf(prefix: string, keep: string | undefined = '24h', limits: HubOptions['limits'] = {}) {
  const hub = new HubRuntime({
    store: redisStore(redis.url, { prefix, ...(keep && { keep: keep as never }) }),
    secret: 'of a test',
    limits,
  })
  hub.registry.add(d)
  await hub.resume()
  return hub
}
const connect = (hub: Awaited<ReturnType<typeof hubOf>>, token: string) => {
  let session: ReturnType<typeof hub.connect> | undefined
  const said: unknown[][] = []
  let over = false
  const close = () => {
    if (session && !over) {
      over = true
      hub.disconnected(session)
    }
  }
  made += 1
  session = hub.connect(
    { send: (...message: unknown[]) => void said.push(message), close } as never,
    {
      version: protocolVersion,
      page: `${made}`.padStart(32, 'e'),
      subscriptions: [[0, 'tab', ['d']]],
      token: signToken(token, browser, hub.callers.secrets[0] as never),
    },
    browser,
  )
  return { said, close, gone: () => over }
}

it('server code that changes a token while its page connects is not refused', async () => {
  const hub = await hubOf('race:')
  const ends: Record<string, number> = {}
  for (let index = 0; index < 50; index += 1) {
    const token = `${index}`.padStart(32, '0')
    const modified = hub.modifyState(token, d, async (s) => {
      await wait(2)
      s.n += 1
    })
    if (index % 2) await new Promise<void>((resolve) => setImmediate(resolve)) // in another turn
    const page = connect(hub, token)
    const end = await modified.then(
      () => 'done',
      (error) => error.code,
    )
    ends[end] = (ends[end] ?? 0) + 1
    await wait(2)
    page.close()
  }
  await hub.close()
  expect(ends).toEqual({ done: 50 })
}, 30_000)

it('a short keep does not forget the state of a page that is here', async () => {
  const hub = await hubOf('keep:', '1s')
  const token = 'ab'.repeat(16)
  const page = connect(hub, token)
  await wait(100)
  await hub.modifyState(token, d, (s) => void (s.n = 7))
  await wait(2_500)
  expect(page.gone()).toBe(false)
  const kept = await redis.command('EXISTS', `keep:t:${token}`)
  const n = await hub.modifyState(token, d, (s) => s.n + 0).catch((error) => error.code)
  const next = await hub.modifyState(token, d, (s) => (s.n += 1)).catch((error) => error.code)
  page.close()
  await hub.close()
  expect([kept, n, next]).toEqual([1, 7, 8])
}, 30_000)

it.each([
  { keep: '48h', retainMs: 100, least: 47 },
  { keep: '48h', retainMs: 24 * 3_600_000, least: 47 },
  { keep: '2h', retainMs: 24 * 3_600_000, least: 1 },
  { keep: '', retainMs: 72 * 3_600_000, least: 71 },
])('a redis with keep $keep under a hub with $retainMs ms keeps a closed tab for that time', async (given) => {
  const { keep, retainMs, least } = given
  const hub = await hubOf(`kept ${keep} ${retainMs}:`, keep, { retainMs, unloadMs: 100 })
  const token = 'ab'.repeat(16)
  const page = connect(hub, token)
  await wait(50)
  await hub.modifyState(token, d, (s) => void (s.n = 7))
  page.close()
  await wait(400)
  const hours = Number(await redis.command('PTTL', `kept ${keep} ${retainMs}:t:${token}`)) / 3_600_000
  await hub.close()
  expect(hours).toBeGreaterThan(least)
  expect(hours).toBeLessThanOrEqual(least + 1)
})

it('pages that change nothing leave nothing in the redis', async () => {
  const hub = new HubRuntime({
    store: redisStore(redis.url, { prefix: 'unused:' }),
    secret: 'of a test',
    limits: { unloadMs: 100 },
  })
  hub.registry.add(d)
  await hub.resume()
  await wait(100)
  const keys = () => redis.command('KEYS', 'unused:t:*')
  const sessions = Array.from({ length: 50 }, (_, index) =>
    hub.connect(
      { send: () => {}, close: () => {} } as never,
      { version: protocolVersion, page: `${index}`.padStart(32, 'f'), subscriptions: [[0, 'tab', ['d']]] },
      browser,
    ),
  )
  await wait(300)
  for (const session of sessions) session.receive('call', [0, 1, 'd', 'nothing', []])
  await wait(100)
  for (const session of sessions) hub.disconnected(session)
  await wait(800)
  expect(await keys()).toEqual([])
  expect(hub.instances.size).toBe(0)
  await hub.close()
})
