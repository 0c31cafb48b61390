import { createClient } from 'redis'
import { afterAll, describe, it } from 'vitest'
import { coordinatorSuite } from '../coordinator-suite.fixture.js'
import { meetingInRedis } from '../coordinators.fixture.js'
import { RedisServer } from './server.fixture.js'

const redis = await RedisServer.start()
const client = createClient({ url: redis.url, RESP: 2 })
await client.connect()
afterAll(async () => {
  client.destroy()
  await redis.remove()
})

let places = 0
coordinatorSuite('redis', { describe, it }, () => {
  places += 1
  return meetingInRedis(redis.url, `suite ${places}:`, client)
})
