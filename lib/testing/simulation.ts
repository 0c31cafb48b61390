/**
 * One seeded life of a hub and its tabs, in which nearly everything goes wrong: connections are cut, left half open and
 * slow, tabs are reloaded, saves fail, and the process of the hub is killed and started anew, while events and tasks run.
 * After each step the promises are checked that can be seen from outside. The same seed lives the same life.
 */
import { memoryStore } from '../store/memory.js'
import type { StateStore, Stored } from '../store/store.js'
import { Chance } from './chance.js'
import { TestClock } from './clock.js'
import { type TestLog, TestTab, testHub } from './kit.js'
import { type MortalStore, mortalStore } from './mortal.js'
import { Page } from './simulated-page.js'
import { type Journal, journal, simulatedClock } from './simulated-state.js'

/** A bug on purpose: what a simulation is worth shows in whether it finds it. */
export type Sabotage =
  /** The hub takes a page that comes back for a new one, so it knows none of its calls. */
  | 'forget-page'
  /** The store keeps the state and not which calls are part of it. */
  | 'forget-calls'
  /** The store acknowledges a save before it is kept. */
  | 'acknowledge-early'

export interface SimulationOptions {
  readonly seed: number
  readonly steps?: number
  readonly sabotage?: Sabotage
}

/** How much happened, so that a test can see that something did. */
export interface Lived {
  readonly calls: number
  readonly cuts: number
  readonly crashes: number
  readonly reloads: number
}

/** Resolves when the life was lived without a broken promise; throws an Error that names the seed and the promise. */
export async function simulate({ seed, steps = 40, sabotage }: SimulationOptions): Promise<Lived> {
  const world = new World(seed, sabotage)
  try {
    await world.live(steps)
    return world.lived
  } catch (error) {
    const happened = world.diary.map((line) => `  ${line}`).join('\n')
    throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : error}\n${happened}`, { cause: error })
  }
}

class World {
  readonly diary: string[] = []
  readonly lived = { calls: 0, cuts: 0, crashes: 0, reloads: 0 }
  private readonly chance: Chance
  private readonly clock: TestClock
  private readonly sabotage: Sabotage | undefined
  private readonly shared: StateStore
  /** Every state that was kept, by token and revision. */
  private readonly kept = new Map<string, Map<number, Journal>>()
  private readonly pages: Page[] = []
  private healed = false
  private store: MortalStore
  private kit: { readonly hub: ReturnType<typeof testHub>['hub']; readonly log: TestLog }

  constructor(seed: number, sabotage: Sabotage | undefined) {
    this.chance = new Chance(seed)
    this.clock = new TestClock(seed)
    this.sabotage = sabotage
    simulatedClock.now = this.clock
    const memory = memoryStore()
    const forgets = sabotage === 'forget-calls'
    this.shared = forgets
      ? { ...memory, load: (token) => withoutCalls(memory.load(token) as Stored | undefined) }
      : memory
    this.store = this.process()
    this.kit = this.start()
  }

  async live(steps: number): Promise<void> {
    for (let count = 0; count < 3; count += 1) await this.open()
    for (let step = 0; step < steps; step += 1) {
      await this.step()
      await this.clock.advance(this.chance.pick([0, 1, 5, 20, 60]))
      for (const page of this.pages) page.check()
    }
    await this.heal()
    for (const page of this.pages) page.checkAtRest(await this.keptOf(page.token))
    await this.end()
  }

  private async step(): Promise<void> {
    const page = this.chance.pick(this.pages)
    const roll = this.chance.below(100)
    if (roll < 50) this.call(page)
    else if (roll < 62) this.cut(page)
    else if (roll < 82) await this.reconnect(page)
    else if (roll < 88) await this.reload(page)
    else if (roll < 93) await this.crash()
    else await this.clock.advance(this.chance.below(300))
  }

  private call(page: Page): void {
    const made = page.call(this.chance)
    this.lived.calls += 1
    this.note(`${page.name} calls ${made}`)
  }

  private cut(page: Page): void {
    if (!page.connected) return
    this.lived.cuts += 1
    const late = this.chance.pick([undefined, 10, 500])
    this.note(`${page.name} loses its connection${late === undefined ? '' : `; the hub notices ${late} ms later`}`)
    page.lose(late)
  }

  private async reconnect(page: Page): Promise<void> {
    if (page.connected) return
    this.note(`${page.name} connects`)
    await page.connect()
  }

  /** The page ends, with all that it waited for; the next page of the tab has the same token. */
  private async reload(page: Page): Promise<void> {
    this.lived.reloads += 1
    this.note(`${page.name} is reloaded`)
    const next = await this.open(page)
    this.pages.splice(this.pages.indexOf(page), 1)
    this.note(`it is ${next.name} now`)
  }

  /** `kill -9`, and the next process over the same store. */
  private async crash(): Promise<void> {
    this.lived.crashes += 1
    this.note('the hub is killed and started anew')
    this.store.die()
    this.kit.hub.flow.end()
    this.store = this.process()
    this.kit = this.start()
    for (const page of this.pages) page.rewire(this.kit.hub, this.clock)
  }

  private async heal(): Promise<void> {
    this.note('everything heals')
    this.healed = true
    for (const page of this.pages) await page.connect()
    for (const page of this.pages) this.call(page) // a state whose first save failed is made by the next call
    await this.clock.advance(60_000)
    for (const page of this.pages) page.check()
  }

  private async end(): Promise<void> {
    const closing = this.kit.hub.close()
    await this.clock.advance(60_000)
    await closing
    for (const page of this.pages) page.close()
  }

  private async open(before?: Page): Promise<Page> {
    const tab = before
      ? before.successor(this.kit.hub, this.clock)
      : new TestTab(this.kit.hub, this.clock, this.clock.id())
    const page = new Page(tab, this.clock, {
      name: `page ${this.pages.length + this.lived.reloads + 1}`,
      kept: (revision) => this.kept.get(tab.token)?.get(revision),
      latency: () => (this.healed ? 0 : this.chance.pick([0, 0, 1, 5, 40])),
      mark: () => this.lived.calls + 1,
      forgets: this.sabotage === 'forget-page',
      earlier: before,
    })
    this.pages.push(page)
    await page.connect()
    await this.clock.advance(before ? this.chance.below(30) : 200)
    return page
  }

  private start() {
    return testHub([journal], { store: this.store }, this.clock)
  }

  /** The store as a process has it: slow, and now and then a save fails. */
  private process(): MortalStore {
    const { chance, clock } = this
    const slow = () =>
      new Promise<void>((resolve) => void clock.after(this.healed ? 0 : chance.pick([0, 0, 1, 10]), resolve))
    const fails = (when: string) => {
      if (!this.healed && chance.happens(0.01)) throw new Error(`the disk failed ${when} the save was kept`)
    }
    const kept = (token: string, { revision, state }: Stored) => {
      const revisions = this.kept.get(token) ?? new Map<number, Journal>()
      this.kept.set(token, revisions.set(revision, state.journal as unknown as Journal))
    }
    const store = mortalStore(this.shared, { slow, fails, kept })
    return this.sabotage === 'acknowledge-early'
      ? { ...store, save: (token, next) => void store.save(token, next) }
      : store
  }

  private async keptOf(token: string): Promise<Journal> {
    return (await this.shared.load(token))?.state.journal as unknown as Journal
  }

  private note(line: string): void {
    this.diary.push(`${String(this.clock.now()).padStart(6)} ms  ${line}`)
  }
}

const withoutCalls = (stored: Stored | undefined) => stored && { ...stored, calls: [] }
