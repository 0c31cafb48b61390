import { afterAll, describe, it } from 'vitest'
import { givingUp } from './handles.fixture.js'
import { type RedisStoreOptions, redisStore } from './redis.js'
import { RedisServer } from './redis-server.fixture.js'
import type { StateStore } from './store.js'
import { storeSuite } from './suite.js'

const redis = await RedisServer.start()
afterAll(() => redis.remove())

let prefixes = 0
const prefixOf = new WeakMap<StateStore, string>()

/** Of a prefix of its own, or beside another. */
function handle(beside?: StateStore, options: RedisStoreOptions = {}) {
  prefixes += 1
  const prefix = (beside && prefixOf.get(beside)) ?? `test ${prefixes}:`
  const store = redisStore(redis.url, { prefix, ...options })
  prefixOf.set(store, prefix)
  givingUp(store)
  return store
}

storeSuite('redis', { describe, it }, handle)
