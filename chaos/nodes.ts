/**
 * Chaos of nodes: tabs that make calls and start durable tasks over real sockets, at several processes over one redis, which
 * are killed, frozen and closed at random, while the redis is restarted and its connections are cut. At the end no call that
 * was acknowledged is lost, none has had two effects, each durable task has come to its end once, and each tab is live.
 */
import { setTimeout } from 'node:timers/promises'
import type { Stored } from '../lib/store/store.js'
import { Chance } from '../lib/testing/chance.js'
import { ChaosCluster } from './cluster.js'
import { type ChaosServer, sum, until } from './process.js'
import { chaosState, type Job } from './state.js'
import { ChaosTab } from './tab.js'

export interface ChaosOfNodesOptions {
  readonly nodes: number
  readonly kills: number
  readonly tabs: number
  /** Chance comes from it, but for what the machine and its load decide. */
  readonly seed: number
  /** Seconds that a node is taken to live after it was heard of last. */
  readonly leaseSeconds?: number
  /** Seconds between two harms at most; half a lease by default, so that most takeovers meet with another harm. */
  readonly pauseSeconds?: number
  /** Steps of a durable task, of which ten are made in a second. */
  readonly jobSteps?: number
  say?(line: string): void
}

export interface ChaosOfNodesReport {
  /** How often each thing was done to them. */
  readonly done: Readonly<Record<string, number>>
  readonly reloads: number
  readonly calls: number
  /** Calls by how they ended. */
  readonly ends: Readonly<Record<string, number>>
  readonly jobs: number
  /** Attempts of durable tasks that another process has begun. */
  readonly moved: number
  /** Milliseconds from the kill of a node to the first saved step of a durable task of it elsewhere, in order. */
  readonly takeovers: readonly number[]
  /**
   * The same where another node was killed or frozen, or the redis harmed, from a lease before that kill on: who should take
   * over, or held the token meanwhile, is waited for as well.
   */
  readonly disturbed: readonly number[]
  /** Of those, from the last of these harms on. */
  readonly afterHarms: readonly number[]
  readonly leaseMs: number
  readonly faults: readonly string[]
}

/** Milliseconds in which all durable tasks come to their end once nobody kills any more. */
const healMs = 60_000

const measures = [
  'SIGKILL',
  'SIGKILL',
  'SIGKILL',
  'SIGKILL',
  'SIGKILL',
  'SIGKILL',
  'freeze',
  'freeze',
  'SIGTERM',
] as const

export async function chaosOfNodes(options: ChaosOfNodesOptions): Promise<ChaosOfNodesReport> {
  const { nodes, seed, leaseSeconds = 4 } = options
  const chance = new Chance(seed)
  const cluster = await ChaosCluster.start(nodes, chance, `${leaseSeconds}s`)
  try {
    return await lived(cluster, chance, options)
  } finally {
    await cluster.remove()
  }
}

async function lived(cluster: ChaosCluster, chance: Chance, options: ChaosOfNodesOptions): Promise<ChaosOfNodesReport> {
  const { kills, tabs: many, seed, leaseSeconds = 4, jobSteps = 60, say = () => {} } = options
  const { pauseSeconds = leaseSeconds / 2 } = options
  const leaseMs = leaseSeconds * 1000
  const pace = { pauseMs: 600, tickMs: 500, jobSteps }
  const tabs = Array.from({ length: many }, (_, at) => {
    return new ChaosTab(`tab ${at + 1}`, cluster.url, new Chance(seed * 1_000 + at), pace)
  })
  const runs = tabs.map((tab) => tab.run())
  await until(() => tabs.every(({ live }) => live))
  const life = new Life(cluster, chance, leaseMs)
  while (life.killed.size < kills) {
    const before = life.killed.size
    await setTimeout(chance.below(pauseSeconds * 1000))
    if (chance.happens(0.3)) chance.pick(tabs).reload()
    await life.harm()
    const { size } = life.killed
    if (size > before && size % 10 === 0) say(`${size} kills, ${sum(tabs.map(({ made }) => made.length))} calls`)
  }
  await life.heal()
  for (const tab of tabs) tab.end()
  await Promise.all(runs)
  const isAtRest = () => tabs.every(({ live, waiting, idle }) => live && waiting === 0 && idle)
  const stuck = (await until(isAtRest, healMs + leaseMs))
    ? []
    : tabs
        .filter((tab) => !tab.live || tab.waiting > 0 || !tab.idle)
        .map((tab) => `${tab.name} is stuck: ${tab.standing}`)
  await Promise.all(cluster.nodes.map((node) => node.end('SIGKILL')))
  const kept = await cluster.kept(tabs.map(({ token }) => token))
  const faults = [
    ...stuck,
    ...tabs.flatMap((tab, index) => tab.check(kept[index]?.state[chaosState.id])),
    ...kept.flatMap((stored, index) => left(`tab ${index + 1}`, stored)),
    ...cluster.nodes.flatMap(({ complaints }) => complaints),
  ]
  for (const tab of tabs) tab.close()
  const ends = tabs.flatMap(({ made }) => made.map(({ end = 'waiting' }) => end))
  const jobs = kept.flatMap((stored) =>
    Object.values((stored?.state[chaosState.id]?.jobs ?? {}) as Record<string, Job>),
  )
  return {
    done: life.done,
    reloads: sum(tabs.map(({ reloads }) => reloads)),
    calls: ends.length,
    ends: Object.fromEntries([...new Set(ends)].sort().map((end) => [end, ends.filter((one) => one === end).length])),
    jobs: jobs.length,
    moved: sum(jobs.map(({ stretches }) => stretches.length - 1)),
    ...takeoversOf(jobs, life, leaseMs),
    leaseMs,
    faults,
  }
}

/** What is done to the nodes and to the redis. */
class Life {
  readonly done: Record<string, number> = {}
  /** When processes were killed, by their ids. */
  readonly killed = new Map<number, number>()
  /** From when to when something was done that others must wait for; to the redis, to a process by its id. */
  readonly harms: { readonly pid: number | undefined; readonly from: number; to: number }[] = []
  private readonly cluster: ChaosCluster
  private readonly chance: Chance
  private readonly leaseMs: number
  /** Nodes that something is done to. */
  private readonly away = new Map<ChaosServer, Promise<void>>()

  constructor(cluster: ChaosCluster, chance: Chance, leaseMs: number) {
    this.cluster = cluster
    this.chance = chance
    this.leaseMs = leaseMs
  }

  /** One thing; at least one node is left alone. */
  async harm(): Promise<void> {
    const { chance, cluster, away } = this
    if (chance.happens(0.05)) await this.harmRedis()
    while (away.size >= cluster.nodes.length - 1) await Promise.race(away.values())
    const node = chance.pick(cluster.nodes.filter((one) => !away.has(one)))
    const work = this.harmNode(node, chance.pick(measures)).finally(() => away.delete(node))
    away.set(node, work)
  }

  async heal(): Promise<void> {
    await Promise.all(this.away.values())
  }

  private count(what: string): void {
    this.done[what] = (this.done[what] ?? 0) + 1
  }

  private async harmRedis(): Promise<void> {
    const { chance, cluster } = this
    const harm = { pid: undefined, from: Date.now(), to: Number.POSITIVE_INFINITY }
    this.harms.push(harm)
    if (chance.happens(0.4)) {
      this.count('restarts of the redis')
      await cluster.redis.end(chance.happens(0.5) ? 'SIGKILL' : 'SIGTERM')
      await setTimeout(chance.below(300))
      await cluster.redis.start()
    } else {
      this.count('cuts of its connections')
      await cluster.redis.command('CLIENT', 'KILL', 'TYPE', chance.pick(['normal', 'pubsub'])).catch(() => {}) // its own is one
    }
    harm.to = Date.now()
  }

  private async harmNode(node: ChaosServer, measure: (typeof measures)[number]): Promise<void> {
    const { balancer } = this.cluster
    const { chance } = this
    balancer.dead.add(node.port)
    this.count(measure)
    const harm = { pid: node.pid, from: Date.now(), to: Number.POSITIVE_INFINITY }
    if (measure !== 'SIGTERM') this.harms.push(harm)
    if (measure === 'freeze') {
      node.freeze()
      if (chance.happens(0.5)) balancer.cut(node.port) // it was noticed, or not
      await setTimeout(this.leaseMs * (0.5 + chance.draw()))
      node.thaw()
      harm.to = Date.now()
    } else {
      if (measure === 'SIGKILL') this.killed.set(node.pid as number, Date.now())
      await node.end(measure)
      harm.to = harm.from
      await setTimeout(chance.below(this.leaseMs))
      await node.start()
    }
    balancer.dead.delete(node.port)
  }
}

/** Only the task that has no end may be said to run. */
const left = (name: string, stored: Stored | undefined) =>
  (stored?.running ?? [])
    .filter(({ task }) => task === 'count')
    .map((run) => `${name} has a task that did not end: ${JSON.stringify(run)}`)

function takeoversOf(jobs: readonly Job[], { killed, harms }: Life, leaseMs: number) {
  const takeovers: number[] = []
  const disturbed: number[] = []
  const afterHarms: number[] = []
  for (const { stretches } of jobs)
    for (const [index, { pid, from }] of stretches.entries()) {
      const before = stretches[index - 1]
      const death = before && killed.get(before.pid)
      if (!before || death === undefined || before.pid === pid || from < death) continue
      const others = harms.filter((harm) => harm.pid !== before.pid && harm.to > death - leaseMs && harm.from < from)
      // a node's lease ends after it was stopped; a redis is waited for until it is back
      const starts = others.map((harm) => (harm.pid === undefined ? Math.min(harm.to, from) : harm.from))
      if (others.length === 0) takeovers.push(from - death)
      else {
        disturbed.push(from - death)
        afterHarms.push(from - Math.max(death, ...starts))
      }
    }
  for (const list of [takeovers, disturbed, afterHarms]) list.sort((a, b) => a - b)
  return { takeovers, disturbed, afterHarms }
}
