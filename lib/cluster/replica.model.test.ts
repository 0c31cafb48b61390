/**
 * The replica against the shared store: random steps on three nodes, taken once by nodes that do nothing but act on the effects
 * of `next`, and once by shared stores. After each step both own and know the same, have asked the same of the coordinator and
 * have heard the same. In the end nothing fails any more: then each claim succeeds, and all nodes know what is saved.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { defaultLimits } from '../base/limits.js'
import { processLimits } from '../base/server-limits.js'
import { ownedElsewhere, ownershipLost, refuseStale } from '../store/errors.js'
import { TokenRecord } from '../store/record.js'
import type { Stored } from '../store/store.js'
import { TestClock } from '../testing/clock.js'
import { MemoryCoordinatorState, memoryCoordinator } from '../testing/memory-coordinator.js'
import type { Coordinator, Message, Save } from './coordinator.js'
import { Lease, nodeId } from './lease.js'
import { stored } from './nodes.fixture.js'
import { type Effect, isBlank, next, noReplica, noteSaved, type Replica, type ReplicaEvent } from './replica.js'
import { SharedStore } from './shared-store.js'

/** The same runs each time, unless their number or another seed is given. */
const seeded = process.env.SEED ? { seed: Number(process.env.SEED) } : process.env.RUNS ? {} : { seed: 2 }
const runs = Number(process.env.RUNS ?? 150)
/** Milliseconds: a machine that is busy takes long, and shrinking a failure longer. */
const timeout = 60_000 + 400 * runs

const nodeCount = 3
const tokens = ['s', 't']
const leaseMs = 1_000
const retainMs = defaultLimits.retainMs
/** Milliseconds for which a question, an answer or a message is on its way. */
const delays = [0, 0, 8, 40, 400]

interface Op {
  readonly what: (typeof kinds)[number]
  readonly node: number
  readonly token: string
  readonly follow: boolean
  /** Until the next step. */
  readonly pauseMs: number
}

const kinds = [
  ...(['load', 'load', 'load', 'save', 'save', 'save', 'save-new', 'release', 'release', 'follow', 'follow'] as const),
  ...(['follow', 'lapse', 'lapse', 'deafen', 'unfollow', 'drop', 'unload', 'die', 'wait'] as const),
]
const op: fc.Arbitrary<Op> = fc.record({
  what: fc.constantFrom(...kinds),
  node: fc.nat({ max: nodeCount - 1 }),
  token: fc.constantFrom('t', 't', 't', 's'),
  follow: fc.boolean(),
  pauseMs: fc.constantFrom(0, 0, 8, 8, 48, 200, 2_000),
})

/** What both kinds of nodes can be asked. */
interface Node {
  readonly node: string
  owns(token: string): boolean
  read(token: string): Promise<Stored | undefined>
  load(token: string): Promise<Stored | undefined>
  save(token: string, next: Stored): Promise<void>
  release(token: string, follow: boolean): Promise<void>
  follow(token: string): Promise<Stored | undefined>
  unfollow(token: string): Promise<void>
  drop(token: string): Promise<void>
  unload(token: string): Promise<void>
}

type Heard = (token: string, what: string) => void

const quiet = { info: () => {}, warn: () => {}, error: () => {} }

/** Acts on the effects of `next`, and remembers nothing but replicas. */
class PureNode implements Node {
  readonly node: string
  private readonly coordinator: Coordinator
  private readonly clock: TestClock
  private readonly heard: Heard
  private readonly lease: Lease
  private readonly replicas = new Map<string, Replica>()
  private readonly waiting = new Map<string, () => void>()
  private readonly claims = new Map<string, Promise<unknown>>()
  private saves = 0
  private claimNumber = 0

  constructor(coordinator: Coordinator, clock: TestClock, heard: Heard) {
    this.coordinator = coordinator
    this.clock = clock
    this.heard = heard
    this.node = nodeId(clock)
    this.lease = new Lease({
      coordinator,
      clock,
      node: this.node,
      leaseMs,
      onMessagesLost: () => this.missed(),
      onLapsed: () => heard('', 'lapsed'),
      onNodesDied: () => heard('', 'missed'),
      warn: () => {},
    })
  }

  async open(): Promise<void> {
    await this.coordinator.join(this.node, {
      onMessage: (message) => this.told(message),
      onMessagesLost: () => {
        this.missed()
        this.heard('', 'missed')
      },
    })
    await this.lease.begin()
  }

  private of(token: string): Replica {
    return this.replicas.get(token) ?? noReplica
  }

  private step(token: string, event: ReplicaEvent): Effect[] {
    const [replica, ...effects] = next(this.of(token), event)
    if (isBlank(replica)) this.replicas.delete(token)
    else this.replicas.set(token, replica)
    return effects
  }

  private act(token: string, effect: Effect): void | Promise<unknown> {
    const { coordinator, node } = this
    switch (effect.do) {
      case 'wake-claim':
        return this.waiting.get(token)?.()
      case 'await-claim':
        return this.claims.get(token)
      case 'catch-up':
        return coordinator
          .follow(token, node, this.revision(token), retainMs)
          .then((answer) => this.on(token, { on: 'caught-up', ...answer }))
      case 'unfollow':
        return coordinator.unfollow(token, node)
      case 'release':
        return coordinator.release(token, node, effect.follow, this.claimNumber)
      case 'drop':
        return coordinator.drop(token, node, effect.fence)
      case 'tell-changed':
        return this.heard(token, told(effect.stored))
      case 'request-handover':
        return this.heard(token, 'wanted')
    }
  }

  private on(token: string, event: ReplicaEvent): void {
    for (const effect of this.step(token, event)) void this.act(token, effect)
  }

  private async perform(token: string, event: ReplicaEvent): Promise<void> {
    for (const effect of this.step(token, event)) await this.act(token, effect)
  }

  private revision(token: string): number {
    return this.of(token).record?.stored.revision ?? -1
  }

  owns(token: string): boolean {
    const { role } = this.of(token)
    return role.as === 'owner' && this.lease.isTrusted(role.epoch)
  }

  async read(token: string): Promise<Stored | undefined> {
    if (this.owns(token) || this.of(token).role.as === 'follower') return this.of(token).record?.saved
    return TokenRecord.of(await this.coordinator.read(token)).saved
  }

  private claim<T>(token: string, waitMs: number, work: () => Promise<T>): Promise<T> {
    this.on(token, { on: 'claim' })
    const working = this.untilOwned(token, waitMs)
      .then(work)
      .finally(() => {
        const effects = this.step(token, { on: 'claim-ended' })
        this.claims.delete(token)
        if (effects.length > 0) this.clock.turn(() => effects.forEach((effect) => void this.act(token, effect)))
      })
    this.claims.set(
      token,
      working.catch(() => {}),
    )
    return working
  }

  private async untilOwned(token: string, waitMs: number): Promise<void> {
    const end = this.clock.now() + waitMs
    for (;;) {
      const { record: before } = this.of(token)
      const epoch = this.lease.epoch
      this.claimNumber += 1
      const answer = await this.coordinator.claim(token, this.node, this.claimNumber, this.revision(token), retainMs)
      const left = end - this.clock.now()
      if (!answer.owned && left <= 0) throw waitMs === 0 ? ownershipLost() : ownedElsewhere()
      const event = answer.owned
        ? ({ on: 'claimed', ...answer, epoch, before } as const)
        : ({ on: 'refused', ...answer } as const)
      const [effect] = this.step(token, event)
      if (!effect) return
      if (effect.do !== 'wait') continue
      await new Promise<void>((resolve) => {
        const cancel = this.clock.after(Math.min(left, effect.ms + processLimits.leaseSlackMs), () =>
          this.on(token, { on: 'may-be-free' }),
        )
        this.waiting.set(token, () => {
          cancel()
          this.waiting.delete(token)
          resolve()
        })
      })
    }
  }

  load(token: string): Promise<Stored | undefined> {
    return this.claim(token, defaultLimits.lockWaitMs, async () => {
      if (!this.owns(token)) await this.lease.renew()
      return this.of(token).record?.saved
    })
  }

  async save(token: string, stored: Stored): Promise<void> {
    if (this.of(token).role.as === 'owner' || stored.revision > 1) return this.write(token, stored)
    return this.claim(token, 0, () => this.write(token, stored))
  }

  private async write(token: string, stored: Stored): Promise<void> {
    const { role, record: before = TokenRecord.empty } = this.of(token)
    if (role.as !== 'owner') throw ownershipLost()
    refuseStale(before.stored.revision, stored.revision)
    const { record, writes } = before.to(stored)
    this.saves += 1
    const { node } = this
    const moved = this.lease.runNodeChanges(before.stored.running, stored.running, role.runsPublished)
    const save = { id: `${node}.${this.saves}`, token, node, fence: role.fence, revision: stored.revision, writes }
    if (await this.coordinator.save({ ...save, ...moved, retainMs })) return noteSaved(this.of(token), role, record)
    this.on(token, { on: 'fenced', role })
    throw ownershipLost()
  }

  release(token: string, follow: boolean): Promise<void> {
    return this.perform(token, { on: 'release', follow })
  }

  async follow(token: string): Promise<Stored | undefined> {
    for (;;) {
      if (this.owns(token)) return this.of(token).record?.saved
      this.on(token, { on: 'follow' })
      const { role, record: before } = this.of(token)
      const { saved, owns } = await this.coordinator.follow(token, this.node, this.revision(token), retainMs)
      const effects = this.step(token, { on: 'followed', saved, owns, role, before })
      for (const effect of effects) await this.act(token, effect)
      if (!effects.some((effect) => effect.do === 'follow-again')) return this.of(token).record?.saved
    }
  }

  unfollow(token: string): Promise<void> {
    return this.perform(token, { on: 'unfollow' })
  }

  drop(token: string): Promise<void> {
    return this.perform(token, { on: 'drop' })
  }

  unload(token: string): Promise<void> {
    const event =
      this.of(token).role.as === 'owner' ? ({ on: 'release', follow: false } as const) : { on: 'unfollow' as const }
    return this.perform(token, event)
  }

  private missed(): void {
    for (const token of [...this.replicas.keys()]) this.on(token, { on: 'missed' })
  }

  private told(message: Message): void {
    switch (message.type) {
      case 'handover-requested':
        return this.on(message.token, { on: 'handover-requested' })
      case 'claim-again':
        return this.on(message.token, { on: 'may-be-free' })
      case 'changed':
        return this.on(message.token, { on: 'changed', ...message })
      case 'node-gone':
        this.lease.onNodeGone(message.node)
        for (const token of [...this.replicas.keys()]) this.on(token, { on: 'may-be-free', owner: message.node })
        return this.heard('', 'missed')
    }
  }
}

const told = (now: Stored | undefined) => `${now?.revision} ${JSON.stringify(now?.state)}`

/** Three nodes of one kind over a coordinator of their own. */
class World {
  private readonly clock = new TestClock()
  private readonly book: MemoryCoordinatorState
  private readonly delays: readonly number[]
  private readonly drawn = new Map<string, number>()
  private readonly nodes: Node[] = []
  private readonly dead = new Set<string>()
  /** Nodes that hear nothing. */
  private readonly deaf = new Set<string>()
  /** Tokens of nodes that are claimed or saved at the moment: the hub does one thing at a time, under its lock. */
  private readonly locked = new Set<string>()
  /** What was asked, heard and answered since the last step, by node and token: tokens have nothing to do with each other. */
  private log: Record<string, string[]> = {}
  private readonly dropped = new Set<string>()
  private hasLapsed = false
  private marks = 0
  private healed = false

  constructor(delays: readonly number[]) {
    this.delays = delays
    this.book = new MemoryCoordinatorState(this.clock, (deliver) => deliver())
    const { book } = this
    const tell = book.send.bind(book)
    book.send = (name, message) => {
      const index = this.nodes.findIndex(({ node }) => node === name)
      if (this.deaf.has(name) || this.dead.has(name)) return
      void this.travel(index, `message ${message.type} ${'token' in message ? message.token : ''}`, 1).then(() => {
        if (!this.dead.has(name)) tell(name, message)
      })
    }
  }

  private note(index: number, token: string, what: string): void {
    const name = `${index} ${token}`
    this.log[name] ??= []
    this.log[name].push(what)
  }

  async open(
    start: (coordinator: Coordinator, clock: TestClock, heard: Heard) => Node & { open(): Promise<void> },
  ): Promise<this> {
    for (let index = 0; index < nodeCount; index += 1) {
      const node = start(this.far(index), this.clock, (token, what) => {
        this.note(index, token, `heard ${what}`)
        if (this.healed && what === 'wanted') this.begin(node, index, 'release', token, true)
      })
      this.nodes.push(node)
      const opening = node.open()
      await this.clock.advance(100)
      await opening
    }
    return this
  }

  /**
   * Done after a while that is drawn from the delays. What reaches the coordinator from one node, and what reaches a node, has
   * its own milliseconds, so that the order of two events never depends on microtasks.
   */
  private travel(index: number, what: string, part: 0 | 1): Promise<void> {
    const name = `${index} ${what}`
    const times = this.drawn.get(name) ?? 0
    this.drawn.set(name, times + 1)
    let hash = times
    for (const char of name) hash = (Math.imul(hash, 31) + char.charCodeAt(0)) >>> 0
    const delay = this.healed || what.includes('heartbeat') ? 0 : (this.delays[hash % this.delays.length] ?? 0)
    const earliest = this.clock.now() + 1 + delay
    const slot = 2 * index + part
    const at = earliest + ((slot - (earliest % 8) + 8) % 8)
    return new Promise((resolve) => void this.clock.after(at - this.clock.now(), resolve))
  }

  private far(index: number): Coordinator {
    const coordinator = memoryCoordinator(this.book)
    const far = { ...coordinator } as unknown as Record<string, unknown>
    for (const name of ['claim', 'save', 'release', 'follow', 'unfollow', 'drop', 'heartbeat'] as const) {
      const ask = coordinator[name] as (...given: unknown[]) => Promise<unknown>
      far[name] = async (...given: unknown[]) => {
        const token = name === 'save' ? (given[0] as Save).token : name === 'heartbeat' ? '' : `${given[0]}`
        if (name !== 'heartbeat') this.note(index, token, `${name} ${asText(name, given)}`)
        await this.travel(index, `${name} ${token}`, 0)
        const answer = await ask(...given)
        await this.travel(index, `answer ${name} ${token}`, 1)
        if (this.dead.has(this.nodes[index]?.node ?? '')) await new Promise(() => {})
        return answer
      }
    }
    return far as unknown as Coordinator
  }

  async take({ what, node: index, token, follow, pauseMs }: Op): Promise<void> {
    const node = this.nodes[index] as Node
    if (!this.dead.has(node.node)) this.begin(node, index, what, token, follow)
    await this.clock.advance(pauseMs)
    await this.clock.advance((8 - (this.clock.now() % 8)) % 8)
  }

  private begin(node: Node, index: number, what: Op['what'], token: string, follow: boolean): void {
    const name = `${index} ${token}`
    const locking = async (work: () => Promise<unknown>) => {
      if (this.locked.has(name)) return 'locked'
      this.locked.add(name)
      return work().finally(() => this.locked.delete(name))
    }
    const end = async (work: Promise<unknown>) => {
      const outcome = await work.then(
        (value) => JSON.stringify(value) ?? 'done',
        (error) => error.code ?? String(error),
      )
      this.note(index, token, `${what}: ${outcome}`)
    }
    const saved = async () => {
      if (!node.owns(token)) return 'not held'
      this.marks += 1
      const known = await node.read(token)
      const state = { a: { ...known?.state.a, [`field${this.marks % 3}`]: this.marks } } // a node that misses a save misses a field
      return node.save(token, { ...stored(1 + (known?.revision ?? 0)), state })
    }
    switch (what) {
      case 'load':
        return void end(locking(() => node.load(token)))
      case 'save':
        return void end(locking(saved))
      case 'save-new':
        return void end(locking(() => node.save(token, stored(1, 1000))))
      case 'release':
        return void end(locking(() => node.release(token, follow)))
      case 'drop':
        this.dropped.add(token)
        return void end(locking(() => node.drop(token)))
      case 'unload':
        return void end(locking(() => node.unload(token)))
      case 'follow':
        return void end(node.follow(token))
      case 'unfollow':
        return void end(node.unfollow(token))
      case 'lapse': {
        const known = this.book.nodes.get(node.node)
        if (known) known.leaseEnd = 0
        this.hasLapsed = true
        return
      }
      case 'deafen':
        this.deaf.add(node.node)
        return void this.clock.after(100, () => this.deaf.delete(node.node))
      case 'die': {
        if (this.dead.size > 0) return
        this.dead.add(node.node)
        const known = this.book.nodes.get(node.node)
        if (known && follow) known.listener = undefined // its connection ends with it
        return
      }
    }
  }

  /** Lets nothing fail any more, and a token go when it is asked for. */
  async heal(): Promise<void> {
    this.healed = true
    this.deaf.clear()
    await this.clock.advance(5_000)
    const isDead = (name: string) => this.dead.has(this.nodes[Number(name.split(' ')[0])]?.node ?? '')
    expect(
      [...this.locked].filter((name) => !isDead(name)),
      'what waits for ever',
    ).toEqual([])
    for (const token of tokens)
      for (const [index, node] of this.nodes.entries()) {
        // a node that is taken for dead does not keep a token that it follows from being dropped, and made again with the same revisions
        if (this.hasLapsed && this.dropped.has(token)) continue
        if (this.dead.has(node.node)) continue
        this.log = {}
        for (let times = 0; times < 2 && !node.owns(token); times += 1) {
          this.begin(node, index, 'load', token, false) // a dead node that stands in line still gets it once
          await this.clock.advance(200)
        }
        expect(node.owns(token)).toBe(true)
        this.begin(node, index, 'save', token, false)
        await this.clock.advance(200)
        await this.agree(token)
      }
  }

  /** Each node knows what is saved of the token, and each follower has heard of the last change. */
  private async agree(token: string): Promise<void> {
    const page = this.book.entry(token)
    const { saved: known } = TokenRecord.read(page)
    for (const [index, node] of this.nodes.entries()) {
      if (this.dead.has(node.node)) continue
      expect(await node.read(token)).toEqual(known)
      expect([page.owner === node.node, page.revision]).toEqual([node.owns(token), known?.revision])
      const heard = this.log[`${index} ${token}`]?.includes(`heard ${told(known)}`) ?? false
      expect(heard).toBe(page.followers.has(node.node))
    }
  }

  /** All that can be seen of it. */
  async seen(): Promise<object> {
    const { log } = this
    this.log = {}
    const living = this.nodes.filter(({ node }) => !this.dead.has(node))
    const nodes = await Promise.all(
      living.map(async (node) =>
        Promise.all(tokens.map(async (token) => [node.owns(token), await node.read(token)] as const)),
      ),
    )
    return { at: this.clock.now(), log, nodes }
  }
}

/** Without the id of a save, and without the revision that a claim says to have: that spares an answer, and no more. */
function asText(name: string, given: readonly unknown[]): string {
  const [first, _node, ...rest] = given
  if (name === 'save') return JSON.stringify({ ...(first as Save), id: undefined })
  return name === 'claim' ? `${first}` : [first, ...rest].join(' ')
}

test(
  'a node that acts on the effects of "next" does what a shared store does',
  () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(op, { maxLength: 60, size: 'max' }),
        fc.array(fc.constantFrom(...delays), { minLength: 7, maxLength: 7 }),
        async (ops, delays) => {
          const pure = await new World(delays).open(
            (coordinator, clock, heard) => new PureNode(coordinator, clock, heard),
          )
          const real = await new World(delays).open((coordinator, clock, heard) => {
            const store = new SharedStore({ coordinator, clock, leaseMs, log: quiet })
            store.listen({
              onHandoverRequested: (token) => heard(token, 'wanted'),
              onChanged: (token, now) => heard(token, told(now)),
              onOrphans: () => heard('', 'missed'),
              onLastPageLeft: () => {},
              onLeaseLost: () => heard('', 'lapsed'),
            })
            return store
          })
          const past: string[] = []
          for (const op of ops) {
            past.push(JSON.stringify(op))
            await pure.take(op)
            await real.take(op)
            expect(await real.seen(), past.join('\n')).toEqual(await pure.seen())
          }
          await real.heal()
        },
      ),
      { numRuns: runs, ...seeded },
    ),
  timeout,
)
