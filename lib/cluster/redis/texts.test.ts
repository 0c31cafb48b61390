/** A text that grows, over a real redis: who owns it, who follows it and who loads it later have the same. */
import { afterAll, expect, it } from 'vitest'
import { processLimits } from '../../base/server-limits.js'
import type { Stored } from '../../store/store.js'
import { stored } from '../nodes.fixture.js'
import { RedisServer } from './server.fixture.js'
import { redisStore } from './store.js'

const redis = await RedisServer.start()
afterAll(() => redis.remove())

const token = 'ab'.repeat(16)
const words = ['the ', 'fox ', '😀', '\ud83d', '\ude00 ', '"quoted"\n', '中', '\u0001']

const chat = (revision: number, text: string): Stored => ({
  ...stored(revision),
  state: { chat: { text, messages: [{ text: 'Hello!' }, { text }], byId: new Map([['a', text]]) } },
})

it('is what its owner has made of it', async () => {
  const open = () => redisStore(redis.url, { prefix: 'texts:' })
  const [owner, follower] = [open(), open()]
  await owner.load(token)
  let text = ''
  let revision = 0
  const save = async () => {
    revision += 1
    await owner.save(token, chat(revision, text))
  }
  await save()
  await follower.follow?.(token)
  for (let index = 0; index < processLimits.patchesOfField * 1.3; index += 1) {
    text += words[index % words.length]
    if (index % 600 === 599) text = text.slice(0, 700)
    await save()
    if (index % 100 !== 50) continue
    await expect.poll(async () => (await follower.read(token))?.revision).toBe(revision)
    expect((await follower.read(token))?.state).toEqual(chat(revision, text).state)
  }
  const later = open()
  expect((await later.read(token))?.state).toEqual(chat(revision, text).state)
  await owner.close()
  expect((await follower.load(token))?.state).toEqual(chat(revision, text).state)
  text += 'more'
  await follower.save(token, chat(revision + 1, text))
  expect((await later.read(token))?.state).toEqual(chat(revision + 1, text).state)
  await Promise.all([follower.close(), later.close()])
}, 30_000)
