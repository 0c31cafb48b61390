/** Real processes over a real redis: what the chaos of nodes does not say one by one. */
import { setTimeout } from 'node:timers/promises'
import { io } from 'socket.io-client'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { socketPath } from '../lib/protocol/path.js'
import { protocolVersion } from '../lib/protocol/version.js'
import { Chance } from '../lib/testing/chance.js'
import { ChaosCluster } from './cluster.js'
import { chaosOfNodes } from './nodes.js'
import { until } from './process.js'
import { chaosState, type Job } from './state.js'
import { ChaosTab } from './tab.js'

const leaseMs = 1_000
const chance = new Chance(5)
let cluster: ChaosCluster
const tabs: ChaosTab[] = []

beforeAll(async () => {
  cluster = await ChaosCluster.start(3, chance, '1s')
}, 30_000)
afterAll(async () => {
  for (const tab of tabs) tab.close()
  await cluster?.remove()
})

async function opened(count: number, url = cluster.url, jobSteps?: number): Promise<ChaosTab[]> {
  const pace = { pauseMs: 200, tickMs: 500, ...(jobSteps && { jobSteps }) }
  const more = Array.from({ length: count }, (_, at) => new ChaosTab(`tab ${at}`, url, new Chance(at), pace))
  tabs.push(...more)
  await vi.waitFor(() => expect(more.filter(({ live }) => !live)).toEqual([]), 10_000)
  return more
}

/** As server code does that is handed a token. */
async function add(index: number, token: string, mark: number, times: number): Promise<string> {
  const answer = await fetch(`${cluster.node(index).url}/add?token=${token}&mark=${mark}&times=${times}`)
  return answer.text()
}

const stateOf = async ({ token }: ChaosTab) => (await cluster.kept([token]))[0]?.state[chaosState.id]
const timesOf = (marks: unknown, mark: number) => (marks as number[]).filter((one) => one === mark).length

it('two processes that change one token at once lose and double nothing', async () => {
  const [tab] = (await opened(1)) as [ChaosTab]
  const each = 200
  expect(await Promise.all([add(0, tab.token, 1_000, each), add(1, tab.token, 2_000, each)])).toEqual([
    'added',
    'added',
  ])
  const marks = (await stateOf(tab))?.marks
  expect([timesOf(marks, 1_000), timesOf(marks, 2_000)]).toEqual([each, each])
  await vi.waitFor(() => expect(tab.marks).toHaveLength(2 * each), 5_000)
}, 30_000)

it('a process that was frozen past its lease saves nothing more to what others hold, and its tabs are corrected', async () => {
  const frozen = cluster.node(2)
  const [tab] = (await opened(1, frozen.url)) as [ChaosTab]
  const call = tab.call('slowly', [500])
  await setTimeout(250)
  frozen.freeze()
  await setTimeout(leaseMs + 200)
  expect(await add(0, tab.token, 7_000, 3)).toBe('added')
  frozen.thaw()
  await call
  const marks = (await stateOf(tab))?.marks
  expect([timesOf(marks, 7_000), timesOf(marks, 1)]).toEqual([3, 1])
  await vi.waitFor(() => expect(tab.marks).toEqual(marks), 5_000)
  expect(tab.faults).toEqual([])
}, 30_000)

it('calls made while the redis is restarted wait for it, and succeed', async () => {
  const both = await opened(2)
  await cluster.redis.end('SIGKILL')
  const ended = vi.fn()
  const calls = both.flatMap((tab) => ['quickly', 'twice', 'slowly'].map((event) => tab.call(event as 'quickly')))
  void Promise.all(calls).then(ended)
  await setTimeout(500)
  expect(ended).not.toHaveBeenCalled()
  await cluster.redis.start()
  await vi.waitFor(() => expect(ended).toHaveBeenCalled(), 10_000)
  for (const tab of both) {
    expect(tab.made.map(({ end }) => end)).toEqual(['done', 'done', 'done'])
    expect((await stateOf(tab))?.marks).toEqual([1, 2, -2, 3])
  }
}, 30_000)

it('a rolling restart under load loses no call and no token, each durable task goes on, and tabs come back in waves', async () => {
  const many = await opened(12, cluster.url, 40)
  const runs = many.map((tab) => tab.run())
  await vi.waitFor(() => expect(many.filter(({ idle }) => !idle)).toHaveLength(many.length), 5_000)
  const tokens = many.map(({ token }) => token)
  for (const node of cluster.nodes) {
    const told = farewell(node.url)
    await told.connected
    cluster.balancer.dead.add(node.port)
    await node.end('SIGTERM')
    expect(await told.spreadMs).toBeGreaterThan(0)
    await node.start()
    cluster.balancer.dead.delete(node.port)
  }
  for (const tab of many) tab.end()
  await Promise.all(runs)
  expect(await until(() => many.every(({ live, waiting, idle }) => live && waiting === 0 && idle))).toBe(true)
  expect(many.map(({ token }) => token)).toEqual(tokens)
  const kept = await cluster.kept(tokens)
  expect(many.flatMap((tab, at) => tab.check(kept[at]?.state[chaosState.id]))).toEqual([])
  const stretches = kept.flatMap((stored) =>
    Object.values(stored?.state[chaosState.id]?.jobs as Record<string, Job>).map((job) => job.stretches),
  )
  expect(stretches.filter(({ length }) => length > 1).length).toBeGreaterThan(0)
  for (const [before, after] of stretches.flatMap((list) => list.slice(1).map((next, at) => [list[at], next] as const)))
    expect(after.from - (before?.last ?? 0)).toBeLessThan(leaseMs + 3_000)
}, 60_000)

it('nodes complain of nothing but what was done to them', () => {
  expect(cluster.nodes.flatMap(({ complaints }) => complaints)).toEqual([])
})

it('chaos of nodes: counts are exact; npm run chaos -- --nodes 3 does it 100 times', async () => {
  const report = await chaosOfNodes({ nodes: 3, kills: 4, tabs: 10, seed: 3, leaseSeconds: 1, jobSteps: 25 })
  expect(report.faults).toEqual([])
  expect(report.ends.done).toBeGreaterThan(50)
  expect(report.moved).toBeGreaterThan(0) // of jobs that run at a kill: how many do is up to the machine
}, 90_000)

/** What a raw connection is told when its server closes in order. */
function farewell(url: string) {
  const auth = { version: protocolVersion, page: '0'.repeat(32), subscriptions: [[0, 'tab', []]] }
  const socket = io(url, { path: socketPath, transports: ['websocket'], reconnection: false, forceNew: true, auth })
  const connected = new Promise<void>((resolve) => socket.once('connect', resolve))
  const spreadMs = new Promise<number>((resolve) => socket.once('bye', (_code, _message, ms) => resolve(ms)))
  return { connected, spreadMs }
}
