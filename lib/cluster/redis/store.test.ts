import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../base/clock.js'
import { consoleLog, type Log } from '../../base/log.js'
import { givingUp } from '../../store/handles.fixture.js'
import type { Writes } from '../../store/record.js'
import type { StateStore } from '../../store/store.js'
import { storeSuite } from '../../store/suite.js'
import type { Coordinator, Message } from '../coordinator.js'
import { stored } from '../nodes.fixture.js'
import { type SharedStore, sharedStore } from '../shared-store.js'
import { type RedisCoordinatorOptions, redisCoordinator } from './coordinator.js'
import { CutProxy } from './cut-proxy.fixture.js'
import { missingClient } from './errors.js'
import { freePort, RedisServer } from './server.fixture.js'
import { checkRedis } from './server-check.js'
import { redisStore } from './store.js'

let redis: RedisServer
beforeAll(async () => {
  redis = await RedisServer.start()
})
afterAll(() => redis.remove())

const ending: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end()
})
const server = async (...args: string[]) => {
  const started = await RedisServer.start(...args)
  ending.push(() => started.remove())
  return started
}

let prefixes = 0
const newPrefix = () => {
  prefixes += 1
  return `test ${prefixes}:`
}

const prefixOf = new WeakMap<StateStore, string>()
storeSuite('redis', { describe, it }, (beside) => {
  const prefix = (beside && prefixOf.get(beside)) ?? newPrefix()
  const store = redisStore(redis.url, { prefix })
  prefixOf.set(store, prefix)
  givingUp(store)
  return store
})

const run = { run: 'r', definition: 'a', task: 'b', attempt: 1 }

interface Opened {
  readonly store: SharedStore
  readonly coordinator: Coordinator
  readonly prefix: string
  /** What the store told, and what was logged. */
  readonly heard: string[]
}

const short = { storeOpenMs: 5_000, storeWaitMs: 500, storeSilenceMs: 250, storePingMs: 50, storeTroubleMs: 30 }

/** A store with short bounds. */
function quick(options: Partial<RedisCoordinatorOptions> & { readonly leaseMs?: number } = {}): Opened {
  const heard: string[] = []
  const note = (message: string) => void heard.push(message)
  const log: Log = { info: note, warn: note, error: note }
  const { leaseMs = 4_000, prefix = newPrefix(), ...others } = options
  const coordinator = redisCoordinator({
    url: redis.url,
    prefix,
    clock: systemClock,
    log,
    bounds: short,
    ...others,
  })
  const store = sharedStore({ coordinator, clock: systemClock, log, leaseMs, retainMs: 60_000 })
  store.listen({
    onHandoverRequested: (token) => note(`wanted ${token}`),
    onChanged: (token, now) => note(`${token} ${now?.revision}`),
    onOrphans: () => note('missed'),
    onLastPageLeft: () => {},
    onLeaseLost: () => {},
    onStoreReachable: (reachable) => note(`reachable: ${reachable}`),
  })
  ending.push(() => store.close())
  return { store, coordinator, prefix, heard }
}

it('that has lost what it had acknowledged is said, once for all tabs', async () => {
  const { store, prefix, heard } = quick()
  for (const token of ['lost', 'evicted', 'fine']) {
    await store.load(token)
    await store.save(token, stored(1))
  }
  await redis.command('DEL', `${prefix}t:lost`, `${prefix}t:evicted`)
  for (const token of ['lost', 'evicted'])
    await expect(Promise.resolve(store.save(token, stored(2)))).rejects.toMatchObject({ code: 'stale-write' })
  await store.save('fine', stored(2))
  expect(heard.filter((line) => line.includes('lost state that it had acknowledged'))).toHaveLength(1)
})

it('that another process has taken a token from has lost nothing', async () => {
  const a = quick()
  const b = quick({ prefix: a.prefix })
  await a.store.load('t')
  await a.store.save('t', stored(1))
  await redis.command('HSET', `${a.prefix}t:t`, '!h', b.store.node)
  await expect(Promise.resolve(a.store.save('t', stored(2)))).rejects.toMatchObject({ code: 'stale-write' })
  expect(a.heard.filter((line) => line.includes('lost'))).toEqual([])
})

describe('a node whose process is killed', () => {
  it('loses its tokens and tasks to others when its lease has ended', async () => {
    const a = quick({ leaseMs: 200 })
    const b = quick({ leaseMs: 200, prefix: a.prefix })
    await Promise.all([a.store.open(), b.store.open()])
    await a.store.load('t')
    const running = [{ definition: 'd', task: 'x', run: 'r', node: a.store.node, attempt: 1 }]
    await a.store.save('t', { ...stored(1), running })
    expect(await b.store.orphans()).toEqual([])
    await a.coordinator.close()
    const began = Date.now()
    expect(await b.store.load('t')).toEqual({ ...stored(1), running })
    expect(Date.now() - began).toBeGreaterThan(50)
    await vi.waitFor(() => expect(b.heard).toContain('missed'))
    expect(await b.store.orphans()).toEqual(['t'])
    expect(await redis.command('SMEMBERS', `${a.prefix}nodes`)).toEqual([b.store.node])
  })
})

describe('a token', () => {
  it('may have more texts than a script takes in one go, and others are told of all', async () => {
    const bounds = { ...short, storeWaitMs: 20_000, storeSilenceMs: 10_000 } // it takes a busy machine a while
    const a = quick({ bounds })
    await a.store.open()
    const { coordinator } = quick({ prefix: a.prefix, bounds })
    const told: Message[] = []
    await coordinator.join('b', { onMessage: (message) => void told.push(message), onMessagesLost: () => {} })
    await coordinator.heartbeat('b', 60_000, 60_000)
    await coordinator.follow('t', 'b', -1, 60_000)
    const texts = Object.fromEntries(Array.from({ length: 9_000 }, (_, index) => [`text ${index}`, `${index}`]))
    const claim = await a.coordinator.claim('t', a.store.node, 1, -1, 60_000)
    const fence = claim.owned ? claim.fence : 0
    const save = (revision: number, writes: Writes) =>
      a.coordinator.save({
        id: `${revision}`,
        token: 't',
        node: a.store.node,
        fence,
        revision,
        writes,
        startedNodes: [],
        endedNodes: [],
        retainMs: 60_000,
      })
    expect(await save(1, texts)).toBe(true)
    expect(await coordinator.read('t')).toEqual({ revision: 1, texts })
    const { 'text 0': kept, ...others } = texts
    const removed = Object.fromEntries(Object.keys(others).map((key) => [key, null]))
    expect(await save(2, removed)).toBe(true)
    expect(await coordinator.read('t')).toEqual({ revision: 2, texts: { 'text 0': kept } })
    await vi.waitFor(() => expect(told).toHaveLength(2))
    expect(told).toEqual([
      { type: 'changed', token: 't', revision: 1, writes: texts },
      { type: 'changed', token: 't', revision: 2, writes: removed },
    ])
  })
  it('is kept for as long as it is said to be in use', async () => {
    const { store, prefix } = quick()
    await store.load('t')
    await store.save('t', stored(1))
    const left = () => redis.command('PTTL', `${prefix}t:t`) as Promise<number>
    expect(await left()).toBeGreaterThan(50_000)
    await redis.command('PEXPIRE', `${prefix}t:t`, '1000')
    await store.unused(['other', 't'])
    expect(await left()).toBeGreaterThan(50_000)
  })
})

describe('a store whose redis cannot be used says so when it is opened', () => {
  const refusal = (url: string, more: Partial<RedisCoordinatorOptions> = {}) =>
    quick({ url, ...more })
      .store.open()
      .then(
        () => undefined,
        (error) => `${error.code}: ${error.message}`,
      )

  it('nobody listens', async () => {
    const port = await freePort()
    expect(await refusal(`redis://:secret@127.0.0.1:${port}`, { bounds: { storeOpenMs: 300 } })).toBe(
      `store-unreachable: The Redis at 127.0.0.1:${port} is unreachable (connect ECONNREFUSED 127.0.0.1:${port}). Start it, or correct the URL of the store.`,
    )
  })
  it('nobody listens, to a program that does nothing else as well', async () => {
    const entry = fileURLToPath(new URL('./opener.fixture.ts', import.meta.url))
    const built = buildSync({
      entryPoints: [entry],
      bundle: true,
      write: false,
      platform: 'node',
      format: 'esm',
      packages: 'external',
    })
    const url = `redis://127.0.0.1:${await freePort()}`
    // tsx would keep it from ending
    const child = spawn(process.execPath, ['--input-type=module', '-', url], { cwd: dirname(entry) })
    child.stdin.end(built.outputFiles[0]?.text)
    let said = ''
    child.stdout.on('data', (data) => {
      said += data
    })
    const [code] = await once(child, 'close')
    expect([code, said]).toEqual([0, 'store-unreachable'])
  })
  it('it is too old', async () => {
    const command = async (name: string) => (name === 'INFO' ? 'redis_version:6.2.14\r\nredis_mode:standalone' : 'OK')
    const check = { first: true, where: 'here:1', prefix: '', log: consoleLog, scripts: [] }
    await expect(checkRedis(command, check)).rejects.toMatchObject({
      code: 'store-misconfigured',
      message: 'The Redis at here:1 is version 6.2.14; heldstate needs 7 or newer.',
    })
  })
  it('it does not answer', async () => {
    const frozen = await server()
    frozen.freeze()
    expect(await refusal(frozen.url, { bounds: { storeOpenMs: 300 } })).toMatch(
      /^store-unreachable: .* \(no answer in \d+ ms\)/,
    )
  })
  it('it has a password, or another one', async () => {
    const { url, port } = await server('--requirepass', 'right')
    const bounds = { storeOpenMs: 60_000 } // it is not tried again
    expect(await refusal(url, { bounds })).toMatch(/^store-misconfigured: .* requires a password. Add it to the URL/)
    const wrong = await refusal(url.replace('//', '//:wrong@'), { bounds })
    expect(wrong).toBe(
      `store-misconfigured: The Redis at 127.0.0.1:${port} rejected the user and password in the URL. Correct them.`,
    )
    expect(await refusal(url.replace('//', '//:right@'))).toBe(undefined)
  })
  it('it is a replica', async () => {
    const replica = await server('--replicaof', '127.0.0.1 1')
    expect(await refusal(replica.url)).toMatch(
      /^store-misconfigured: .* is a read-only replica\. Use the URL of its primary/,
    )
  })
  it('it is a cluster', async () => {
    const { url } = await server('--cluster-enabled', 'yes')
    expect(await refusal(url)).toMatch(/^store-misconfigured: .* is a Redis Cluster/)
  })
  it('it has state of another version', async () => {
    const { prefix } = quick()
    await redis.command('SET', `${prefix}format`, '0')
    expect(await refusal(redis.url, { prefix })).toMatch(/^store-misconfigured: .*\(format 0, .* another prefix/)
  })
  it('its url is none', () => {
    expect(() => redisStore('localhost:6379')).toThrow(/redis:\/\/host:port/)
    expect(() => redisStore('https://:secret@host')).toThrow(expect.not.stringContaining('secret'))
  })
  it('the package is missing', () => {
    expect(missingClient({ code: 'ERR_MODULE_NOT_FOUND' })).toMatchObject({
      code: 'store-misconfigured',
      message: expect.stringMatching(/npm install redis/),
    })
  })
  it('with a warning alone, it may forget state', async () => {
    const { url } = await server('--maxmemory', '50mb', '--maxmemory-policy', 'allkeys-lru')
    const { store, heard } = quick({ url })
    await store.open()
    expect(heard).toEqual([expect.stringMatching(/evicts state .* "allkeys-lru"/)])
  })
})

it('a user of the redis needs no more than the docs say', async () => {
  const page = readFileSync(new URL('../../../docs/scaling.md', import.meta.url), 'utf8')
  const [, rules = ''] = /^ACL SETUSER app on >password (.*)$/m.exec(page) ?? []
  await redis.command('ACL', 'SETUSER', 'app', 'on', '>password', ...rules.split(' '))
  const store = redisStore(redis.url.replace('//', '//app:password@'))
  ending.push(() => store.close())
  await store.open()
  await store.save('t', { ...stored(1), running: [{ ...run, node: store.node }] })
  await store.release('t', true)
  expect((await store.read('t'))?.state).toEqual({ a: { n: 1 } })
  await store.follow('t')
  await store.load('t')
  await store.save('t', stored(2))
  await store.unused(['t'])
  expect(await store.orphans()).toEqual([])
  await store.drop('t')
  await redis.command('ACL', 'SETUSER', 'app', 'resetkeys', '~other:*')
  const other = redisStore(redis.url.replace('//', '//app:password@'))
  ending.push(() => other.close())
  await expect(other.open()).rejects.toMatchObject({
    code: 'store-misconfigured',
    message: expect.stringContaining('denies its user a command'),
  })
})

describe('a redis that is lost', () => {
  it('and comes back at once is missed by nobody, and what was not heard is asked for', async () => {
    const a = quick({ bounds: { storeTroubleMs: 5_000 } })
    const { store, heard } = quick({ prefix: a.prefix, bounds: { storeTroubleMs: 5_000 } })
    await a.store.load('t')
    await a.store.save('t', stored(1))
    await store.follow('t')
    await a.store.save('t', stored(2))
    await vi.waitFor(() => expect(heard).toEqual(['t 2']))
    await redis.command('CLIENT', 'KILL', 'TYPE', 'pubsub')
    await a.store.save('t', stored(3))
    await vi.waitFor(() => expect(heard).toContain('missed'))
    await vi.waitFor(() => expect(heard).toContain('t 3'))
    expect(heard.toSorted()).toEqual(['missed', 't 2', 't 3'])
  })

  it('and restarted with what it had is waited for; it is said once, and once that it is back', async () => {
    const own = await server('--appendonly', 'yes', '--appendfsync', 'always')
    const bounds = { storeWaitMs: 5_000, storeTroubleMs: 30 }
    const { store, heard } = quick({ url: own.url, bounds })
    await store.load('t')
    await store.save('t', stored(1))
    await own.end()
    const saving = store.save('t', stored(2))
    const loading = store.load('u')
    await vi.waitFor(() => expect(heard).toHaveLength(2))
    await own.start()
    await saving
    expect(await loading).toBe(undefined)
    expect(await store.load('t')).toEqual(stored(2))
    expect(heard).toEqual([
      expect.stringMatching(/is unreachable/),
      'reachable: false',
      expect.stringMatching(/is back/),
      'reachable: true',
      'missed',
    ])
  })

  it('for longer than the bound fails what waits, then all at once, until it is back', async () => {
    const own = await server()
    const { store } = quick({ url: own.url })
    await store.load('t')
    own.freeze()
    const began = Date.now()
    await expect(store.save('t', stored(1))).rejects.toMatchObject({ code: 'store-unreachable' })
    const waited = Date.now() - began
    expect(waited).toBeGreaterThan(450)
    const refusal = await store.save('t', stored(1)).catch((error) => error)
    expect(refusal).toMatchObject({ code: 'store-unreachable' })
    const { host } = new URL(own.url)
    expect([refusal.message.includes(host), refusal.cause.message.includes(host)]).toEqual([false, true]) // pages hear of it
    expect(Date.now() - began - waited).toBeLessThan(400)
    own.thaw()
    await vi.waitFor(() => store.read('u'))
    expect(await store.load('t')).toEqual(stored(1)) // it had arrived
  })

  it('and has forgotten everything takes nothing from who held it before', async () => {
    const own = await server()
    const { store } = quick({ url: own.url })
    await store.load('t')
    await store.save('t', stored(1))
    await own.end()
    await own.start()
    await expect(store.save('t', stored(2))).rejects.toMatchObject({ code: 'stale-write' })
    expect(await store.load('t')).toBe(undefined)
  })

  it('is not waited for by a store that closes', async () => {
    const own = await server()
    const { store } = quick({ url: own.url, bounds: { storeWaitMs: 60_000 } })
    await store.load('t')
    const waiting = vi.fn()
    await own.end()
    const saving = store.save('t', stored(1)).catch(waiting)
    await store.close()
    await saving
    expect(waiting).toHaveBeenCalledWith(expect.objectContaining({ code: 'hub-closed' }))
  })
})

describe('an operation whose answer was lost is sent again', () => {
  async function cut() {
    const proxy = await CutProxy.to(redis.port)
    ending.push(() => proxy.close())
    const { store, coordinator, prefix } = quick({
      url: `redis://127.0.0.1:${proxy.port}`,
      bounds: { storeWaitMs: 5_000 },
    })
    await store.open()
    const lost = async <T>(begin: () => Promise<T>): Promise<T> => {
      proxy.swallows = true
      const work = begin()
      await new Promise((resolve) => setTimeout(resolve, 30))
      proxy.swallows = false
      proxy.cut()
      return work
    }
    return { store, coordinator, prefix, lost }
  }

  it('and has one effect: claims, saves and releases', async () => {
    const { store, lost } = await cut()
    expect(await lost(() => store.load('t'))).toBe(undefined)
    await lost(() => store.save('t', stored(1)))
    await store.save('t', stored(2))
    await lost(() => store.release('t', true))
    expect(await store.read('t')).toEqual(stored(2))
    await store.load('t')
    await store.save('t', stored(3))
  })

  it('and gives the same orphans, or what was never heard of them the next time', async () => {
    const { store, coordinator, prefix, lost } = await cut()
    await redis.command('SADD', `${prefix}nodes`, 'dead')
    await redis.command('SADD', `${prefix}tasks:dead`, 't', 'u', 'v', 'over')
    for (const token of ['t', 'u', 'v'])
      await redis.command('HSET', `${prefix}t:${token}`, '=running', '[{"node":"dead"}]')
    const first = await lost(() => coordinator.orphans(store.node, 2))
    expect(first).toHaveLength(2)
    const rest = await coordinator.orphans(store.node, 2)
    expect([...first, ...rest].toSorted()).toEqual(['t', 'u', 'v'])
    expect(await coordinator.orphans(store.node, 2)).toEqual([])
  })
})

it('a redis whose memory is full refuses saves, and is left by nobody', async () => {
  const own = await server()
  const { store } = quick({ url: own.url, leaseMs: 1_000 })
  await store.load('t')
  await store.save('t', stored(1))
  await own.command('CONFIG', 'SET', 'maxmemory', '1mb')
  await expect(store.save('t', stored(2))).rejects.toThrow(/OOM/)
  await new Promise((resolve) => setTimeout(resolve, 1_500)) // longer than its lease
  expect(store.owns('t')).toBe(true)
  expect(await store.load('t')).toEqual(stored(1))
  await own.command('CONFIG', 'SET', 'maxmemory', '0')
  await store.save('t', stored(2))
})

describe('a duration', () => {
  it('is text or milliseconds, and not too short', () => {
    expect(() => redisStore(redis.url, { lease: '10ms' })).toThrow(/"lease" .* at least 1000 ms/)
    expect(redisStore(redis.url, { lease: '8s' }).leaseMs).toBe(8_000)
  })
})
