/**
 * One seeded life of a hub and its tabs, in which nearly everything goes wrong: connections are cut, left half open and
 * slow, tabs are reloaded, saves fail, and the process of the hub is killed and started again, while events and tasks run.
 * After each step the promises are checked that can be seen from outside. The same seed lives the same life.
 */
import { Chance } from './chance.js'
import { TestClock } from './clock.js'
import { TestTab } from './kit.js'
import type { Sabotage } from './sabotage.js'
import { setSharedBoard } from './simulated-board.js'
import { Cluster } from './simulated-cluster.js'
import { Page } from './simulated-page.js'
import { type Servers, SingleServer, type World as WorldOf } from './simulated-servers.js'
import { type Journal, journal, simulatedClock, text } from './simulated-state.js'

export interface SimulationOptions {
  readonly seed: number
  readonly steps?: number
  /** Processes that serve at the same time. */
  readonly nodes?: number
  /** No process dies or freezes, and no save fails. */
  readonly calm?: boolean
  readonly sabotage?: Sabotage
  /** Pages start tasks that wait for each other. */
  readonly queues?: boolean
  /** Every other page has a second subscription. */
  readonly two?: boolean
}

/** How much happened, so that a test can see that something did. */
export interface Lived {
  readonly calls: number
  readonly cuts: number
  readonly crashes: number
  readonly reloads: number
  readonly duplicates: number
  readonly freezes: number
  readonly stalls: number
}

/** Resolves when the life was lived without a broken promise; throws an Error that names the seed and the promise. */
export async function simulate({ seed, steps = 40, ...options }: SimulationOptions): Promise<Lived> {
  const world = new World(seed, options)
  try {
    await world.live(steps)
    return world.lived
  } catch (error) {
    const happened = world.diary.map((line) => `  ${line}`).join('\n')
    throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : error}\n${happened}`, { cause: error })
  }
}

class World implements WorldOf {
  readonly diary: string[] = []
  readonly lived = { calls: 0, cuts: 0, crashes: 0, reloads: 0, duplicates: 0, freezes: 0, stalls: 0 }
  readonly chance: Chance
  readonly clock: TestClock
  readonly sabotage: Sabotage | undefined
  healed = false
  /** Every state that was kept, by token and revision. */
  private readonly revisions = new Map<string, Map<number, Journal>>()
  private readonly pages: Page[] = []
  readonly calm: boolean
  private readonly queues: boolean
  private readonly servers: Servers
  private opened = 0
  private marks = 0
  private readonly two: boolean

  constructor(
    seed: number,
    { sabotage, nodes, calm = false, queues = false, two = false }: Omit<SimulationOptions, 'seed' | 'steps'>,
  ) {
    this.chance = new Chance(seed)
    this.clock = new TestClock(seed)
    this.sabotage = sabotage
    this.calm = calm
    this.queues = queues
    this.two = two
    setSharedBoard(seed % 2 === 0 ? 'b0a4d'.padEnd(32, '0') : undefined)
    simulatedClock.now = this.clock
    this.servers = nodes === undefined ? new SingleServer(this) : new Cluster(this, nodes)
  }

  kept(token: string, revision: number, kept: Journal): void {
    const revisions = this.revisions.get(token) ?? new Map<number, Journal>()
    this.revisions.set(token, revisions.set(revision, kept))
  }

  async live(steps: number): Promise<void> {
    for (let count = 0; count < 3; count += 1) await this.open()
    for (let step = 0; step < steps; step += 1) {
      await this.step()
      await this.clock.advance(this.chance.pick([0, 1, 5, 20, 60]))
      for (const page of this.pages) page.check()
      this.servers.check()
    }
    await this.heal()
    for (const page of this.pages) page.checkAtRest((token) => this.servers.keptOf(token))
    await this.end()
  }

  private async step(): Promise<void> {
    const page = this.chance.pick(this.pages)
    const roll = this.chance.below(100)
    if (roll < 44) this.callSome(page)
    else if (roll < 50) this.modify(page)
    else if (roll < 59) this.cut(page)
    else if (roll < 62) this.slow(page)
    else if (roll < 82) await this.reconnect(page)
    else if (roll < 87) await this.reload(page)
    else if (roll < 89) await this.duplicate(page)
    else if (roll < 92) this.crash()
    else if (roll < 94) this.freeze()
    else if (roll < 96) this.thaw()
    else await this.clock.advance(this.chance.below(300))
  }

  /** Mostly one; some are made without waiting for the one before. */
  private callSome(page: Page): void {
    for (let left = this.chance.pick([1, 1, 1, 2, 6]); left > 0; left -= 1) this.call(page)
  }

  private call(page: Page): void {
    const made = page.call(this.chance)
    this.lived.calls += 1
    this.note(`${page.name} calls ${made}`)
  }

  /** Server code of any process changes what no page sees. */
  private modify(page: Page): void {
    if (page.token === '') return
    this.note(`server code changes the state of ${page.name}`)
    const change = this.servers.hub.modifyState(page.token, journal, (s) => {
      s.secret += 1
    })
    change.catch(() => {}) // it may fail as anything else
  }

  private cut(page: Page): void {
    if (!page.connected) return
    this.lived.cuts += 1
    const late = this.chance.pick([undefined, 10, 500])
    this.note(`${page.name} loses its connection${late === undefined ? '' : `; the hub notices ${late} ms later`}`)
    page.lose(late)
  }

  /** The page reads nothing for a while: a phone in a tunnel, whose connection stands. */
  private slow(page: Page): void {
    if (!page.connected) return
    this.lived.stalls += 1
    const ms = this.chance.pick([5, 50, 400, 3_000])
    this.note(`${page.name} reads no answer for ${ms} ms`)
    page.stall(ms)
  }

  private async reconnect(page: Page): Promise<void> {
    if (page.connected) return
    this.note(`${page.name} connects`)
    this.servers.lead(page)
    await page.connect()
  }

  /** The page ends, with all that it waited for; the next page of the tab has the same token. */
  private async reload(page: Page): Promise<void> {
    this.lived.reloads += 1
    this.note(`${page.name} is reloaded`)
    const next = await this.open({ tab: page.successor(this.servers.hub, this.clock), earlier: page })
    this.pages.splice(this.pages.indexOf(page), 1)
    this.note(`it is ${next.name} now`)
  }

  private crash(): void {
    if (this.calm) return
    this.lived.crashes += 1
    this.note(this.servers.crash(this.pages))
  }

  /** The browser's "Duplicate tab". */
  private async duplicate(page: Page): Promise<void> {
    if (this.pages.length >= pagesAtMost || page.token === '') return
    if (this.queues) return // a copy would have the work that is to be done, and not the task that does it
    this.lived.duplicates += 1
    const { token } = page
    const kept = () => [...(this.revisions.get(token)?.values() ?? [])].map(text)
    const origin = () => [...kept(), ...page.origins()] // it may be an unsaved copy itself
    const copy = await this.open({ tab: page.duplicate(this.servers.hub, this.clock), origin })
    this.note(`${page.name} is duplicated: ${copy.name}`)
  }

  private freeze(): void {
    if (this.calm) return
    this.lived.freezes += 1
    this.note(this.servers.freeze(this.pages))
  }

  private thaw(): void {
    const happened = this.servers.thaw()
    if (happened) this.note(happened)
  }

  private async heal(): Promise<void> {
    this.note('everything heals')
    this.healed = true
    for (const page of this.pages) page.read()
    this.servers.heal()
    await this.reunite()
    for (const page of this.pages) {
      page.mark() // a state whose first save failed is made by the next call
    }
    await this.reunite()
    for (const page of this.pages) page.check()
  }

  /** A hub that finds a page's state taken over by another one ends its connection, so one attempt may not be enough. */
  private async reunite(): Promise<void> {
    for (let attempt = 0; attempt < 3; attempt += 1) {
      for (const page of this.pages) await this.reunited(page)
      await this.clock.advance(this.servers.healsWithin)
    }
  }

  private async reunited(page: Page): Promise<void> {
    if (!page.connected) this.servers.lead(page)
    await page.connect()
  }

  private async end(): Promise<void> {
    await this.servers.end()
    for (const page of this.pages) page.close()
  }

  private async open({ tab = this.newTab(), earlier, origin }: Opening = {}): Promise<Page> {
    this.opened += 1
    const page = new Page(tab, this.clock, {
      name: `page ${this.opened}`,
      origin,
      kept: (token, revision) => this.revisions.get(token)?.get(revision),
      latency: () => (this.healed ? 0 : this.chance.pick([0, 0, 1, 5, 40])),
      mark: () => {
        this.marks += 1
        return this.marks
      },
      two: earlier?.hasBoard ?? (this.two && this.opened % 2 === 0),
      attic: this.opened % 3 === 0,
      sabotage: this.sabotage,
      earlier,
      calm: this.calm,
      queues: this.queues,
    })
    this.pages.push(page)
    this.servers.lead(page)
    await page.connect()
    await this.clock.advance(earlier ? this.chance.below(30) : 200)
    return page
  }

  private newTab(): TestTab {
    return new TestTab(this.servers.hub, this.clock, this.clock.id())
  }

  private note(line: string): void {
    this.diary.push(`${String(this.clock.now()).padStart(6)} ms  ${line}`)
  }
}

interface Opening {
  readonly tab?: TestTab
  /** The page before a reload. */
  readonly earlier?: Page
  readonly origin?: () => readonly string[]
}

/** A duplicated tab stays, so there is an end to it. */
const pagesAtMost = 6
