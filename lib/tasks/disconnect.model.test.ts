/**
 * Tasks that must not go on without their tab, on three processes over one coordinator: pages come, go and move, processes die,
 * and messages are lost. No task is cancelled while its tab is anywhere, or before its grace is over; and none goes on for long
 * without one. Each life is drawn from a seed.
 */
import { expect, it } from 'vitest'
import type { Coordinator } from '../cluster/coordinator.js'
import { sharedStore } from '../cluster/shared-store.js'
import { defineState } from '../doors/authors.js'
import type { HubRuntime } from '../hub/hub.js'
import { signToken } from '../instance/token.js'
import { protocolVersion } from '../protocol/version.js'
import { Chance } from '../testing/chance.js'
import { TestClock } from '../testing/clock.js'
import { testHub } from '../testing/kit.js'
import { MemoryCoordinatorState, memoryCoordinator } from '../testing/memory-coordinator.js'
import { mortalClock } from '../testing/mortal-clock.js'

const graceMs = 5_000
/** Milliseconds between two looks at what is so. */
const lookMs = 500

const d = defineState('d', () => ({ n: 0 })).tasks((background) => ({
  lingers: background({ durable: true, onDisconnect: { grace: graceMs } }, async ({ sleep, update }) => {
    for (;;) {
      await sleep(7_000)
      await update((s) => void (s.n += 1))
    }
  }),
}))

const quiet = { info: () => {}, warn: () => {}, error: () => {} }
const token = 'ab'.repeat(16)
const browser = 'cd'.repeat(16)

interface Node {
  readonly hub: HubRuntime
  dead: boolean
  kill(): void
}

interface Page {
  readonly node: Node
  open: boolean
  close(): void
}

class Life {
  private readonly seed: number
  private readonly chance: Chance
  private readonly clock: TestClock
  private readonly book: MemoryCoordinatorState
  private readonly nodes: Node[] = []
  private readonly pages: Page[] = []
  private readonly diary: string[] = []
  private isHere = false
  private since = 0
  private begunAt = 0
  begun = 0
  cancelled = 0

  constructor(seed: number) {
    this.seed = seed
    this.chance = new Chance(seed)
    this.clock = new TestClock(seed)
    this.book = new MemoryCoordinatorState(this.clock, (deliver) => {
      if (!this.chance.happens(0.05)) this.clock.after(this.chance.pick([0, 0, 1, 20]), deliver)
    })
  }

  async live(steps: number): Promise<void> {
    for (let count = 0; count < 3; count += 1) this.nodes.push(this.start())
    await this.clock.advance(50)
    this.connect(this.chance.pick(this.nodes))
    await this.clock.advance(50)
    for (let step = 0; step < steps; step += 1) {
      await this.step()
      await this.observe()
    }
    for (const page of this.pages) page.close()
    for (const { hub } of this.living()) void hub.close()
    await this.clock.advance(20_000)
  }

  private start(): Node {
    const clock = mortalClock(this.clock)
    const store = sharedStore({
      coordinator: this.slow(memoryCoordinator(this.book)),
      clock,
      leaseMs: 1_000,
      log: quiet,
    })
    const { hub } = testHub([d], { store }, this.clock)
    const kill = () => {
      node.dead = true
      clock.die()
      const known = this.book.nodes.get(store.node)
      if (known) known.listener = undefined
    }
    const node: Node = { hub, dead: false, kill }
    return node
  }

  /** What is asked of the coordinator takes its time. */
  private slow(coordinator: Coordinator): Coordinator {
    const travel = async () => {
      const ms = this.chance.pick([0, 0, 1, 5])
      if (ms > 0) await new Promise<void>((resolve) => void this.clock.after(ms, resolve))
    }
    const slow: Record<string, unknown> = { ...coordinator }
    for (const name of [
      'claim',
      'save',
      'release',
      'follow',
      'unfollow',
      'setPresent',
      'unattendedMs',
      'heartbeat',
      'orphans',
    ] as const) {
      const operation = coordinator[name] as (...given: unknown[]) => Promise<unknown>
      slow[name] = async (...given: unknown[]) => {
        await travel()
        const answer = await operation(...given)
        await travel()
        return answer
      }
    }
    return slow as unknown as Coordinator
  }

  private living(): readonly Node[] {
    return this.nodes.filter(({ dead }) => !dead)
  }

  private here(): readonly Page[] {
    return this.pages.filter(({ open, node }) => open && !node.dead)
  }

  private connect(node: Node): void {
    const signed = signToken(token, browser, node.hub.callers.secrets[0])
    const hello = {
      version: protocolVersion,
      page: this.chance.pick(['e', 'f']).repeat(32),
      subscriptions: [[0, 'tab', ['d']]],
    }
    const close = () => {
      if (!page.open) return
      page.open = false
      if (!node.dead) node.hub.disconnected(session)
    }
    const page: Page = { node, open: true, close }
    const session = node.hub.connect({ send: () => {}, close }, { ...hello, token: signed, lastSeq: 1 }, browser)
    this.pages.push(page)
  }

  private async step(): Promise<void> {
    const node = this.chance.pick(this.living())
    const what = this.chance.pick([
      'connect',
      'connect',
      'close',
      'close',
      'leave',
      'start',
      'wait',
      'kill',
      'modify',
      'rest',
    ])
    this.diary.push(`${this.clock.now()} ${what} ${this.nodes.indexOf(node)}`)
    switch (what) {
      case 'connect':
        return this.connect(node)
      case 'close':
        return this.here()[0]?.close()
      case 'leave':
        for (const page of this.here()) page.close()
        return
      case 'start':
        if (!this.isHere) return
        this.begunAt = this.clock.now()
        this.begun += 1
        return node.hub.start(token, [d.triggers.lingers()])
      case 'kill':
        if (this.chance.happens(0.7)) return
        node.kill()
        this.nodes.push(this.start())
        return
      case 'modify':
        node.hub.modifyState(token, d, (s) => void (s.n += 1)).catch(() => {})
        return
      case 'wait':
        return this.pass(this.chance.pick([1, 100, 2_000, 4_000]))
      default:
        return this.pass(this.chance.pick([6_000, 20_000, 40_000, 80_000]))
    }
  }

  private async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += lookMs) await this.observe()
  }

  /** What is so now, a moment later, and since when. */
  private async observe(): Promise<void> {
    const running = this.living().flatMap((node) =>
      [...node.hub.tasks.pool.runs].filter(({ isRunning }) => isRunning).map((run) => ({ node, run })),
    )
    const isHere = this.here().length > 0
    if (isHere !== this.isHere) this.since = this.clock.now()
    this.isHere = isHere
    await this.clock.advance(lookMs)
    const ms = this.clock.now() - this.since
    for (const { node, run } of running) {
      if (node.dead || run.phase.name !== 'cancelled' || !/its tab was closed/.test(run.phase.reason.message)) continue
      this.cancelled += 1
      this.require(!isHere || ms <= 2 * lookMs, `cancelled though its tab is here for ${ms} ms`)
      this.require(isHere || ms >= graceMs - 100, `cancelled though its tab is away for ${ms} ms alone`)
    }
    const isLong = !isHere && ms > 90_000 && this.clock.now() - this.begunAt > 90_000
    const left = this.living().filter(({ hub }) => [...hub.tasks.pool.runs].some(({ isRunning }) => isRunning))
    this.require(!isLong || left.length === 0, `runs still though its tab is away for ${ms} ms`)
  }

  private require(holds: boolean, promise: string): void {
    if (!holds) throw new Error(`seed ${this.seed}: ${promise}\n${this.diary.slice(-14).join('\n')}`)
  }
}

it('are cancelled when their tab has gone from all processes, and not before', async () => {
  let [begun, cancelled] = [0, 0]
  for (let seed = 1; seed <= 40; seed += 1) {
    const life = new Life(seed)
    await life.live(120)
    begun += life.begun
    cancelled += life.cancelled
  }
  expect(begun).toBeGreaterThan(100)
  expect(cancelled).toBeGreaterThan(50)
}, 60_000)
