/** A queue of a durable task over a real redis: two processes, one of which ends in the middle. */
import { afterAll, expect, it } from 'vitest'
import { defineState } from '../../doors/authors.js'
import { HubRuntime } from '../../hub/hub.js'
import { RedisServer } from './server.fixture.js'
import { redisStore } from './store.js'

const redis = await RedisServer.start()
afterAll(() => redis.remove())

const d = defineState('d', () => ({ log: [] as string[] })).tasks((background) => ({
  load: background({ concurrency: 'queue', durable: true }, async ({ update, sleep }, name: string) => {
    await sleep(150)
    await update((s) => void s.log.push(name))
  }),
}))
const token = 'ab'.repeat(16)
const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

async function hubOf() {
  const hub = new HubRuntime({ store: redisStore(redis.url, { prefix: 'queue:' }), secret: 'of a test' })
  hub.registry.add(d)
  await hub.resume()
  return hub
}

it('is one over all processes, and goes on when a process closes', async () => {
  const [a, b] = [await hubOf(), await hubOf()]
  for (const [hub, name] of [
    [a, 'first'],
    [b, 'second'],
    [a, 'third'],
    [b, 'fourth'],
  ] as const) {
    hub.start(token, [d.triggers.load(name)])
    await wait(30)
  }
  const waiting = ((await b.store.read(token))?.running ?? []).map(({ waits }) => waits)
  expect(waiting.sort()).toEqual([1, 2, 3, undefined])
  await a.close()
  for (let tries = 0; tries < 100 && ((await b.store.read(token))?.running.length ?? 1) > 0; tries += 1) await wait(50)
  expect((await b.store.read(token))?.state.d?.log).toEqual(['first', 'second', 'third', 'fourth'])
  await b.close()
}, 20_000)
