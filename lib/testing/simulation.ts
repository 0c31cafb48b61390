/**
 * One seeded life of a hub and its tabs, in which nearly everything goes wrong: connections are cut, left half open and
 * slow, tabs are reloaded, saves fail, and the process of the hub is killed and started anew, while events and tasks run.
 * After each step the promises are checked that can be seen from outside. The same seed lives the same life.
 */
import type { Hub } from '../hub/hub.js'
import { type Memory, memoryStore } from '../store/memory.js'
import type { StateStore, Stored } from '../store/store.js'
import { Chance } from './chance.js'
import { TestClock } from './clock.js'
import { type TestLog, TestTab, testHub } from './kit.js'
import { type MortalStore, mortalStore } from './mortal.js'
import { Page, text } from './simulated-page.js'
import { type Journal, journal, simulatedClock } from './simulated-state.js'

/** A bug on purpose: what a simulation is worth shows in whether it finds it. */
export type Sabotage =
  /** The hub takes a page that comes back for a new one, so it knows none of its calls. */
  | 'forget-page'
  /** The store keeps the state and not which calls are part of it. */
  | 'forget-calls'
  /** The store acknowledges a save before it is kept. */
  | 'acknowledge-early'
  /** The store takes a save that does not follow what it has: that of a process which was frozen while another went on. */
  | 'skip-fence'
  /** The hub does not say how far the calls of a page that comes back have come. */
  | 'hide-progress'

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
  readonly duplicates: number
  readonly freezes: number
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
  readonly lived = { calls: 0, cuts: 0, crashes: 0, reloads: 0, duplicates: 0, freezes: 0 }
  private readonly chance: Chance
  private readonly clock: TestClock
  private readonly sabotage: Sabotage | undefined
  private readonly memory: Memory = new Map()
  /** Every state that was kept, by token and revision. */
  private readonly kept = new Map<string, Map<number, Journal>>()
  private readonly pages: Page[] = []
  private opened = 0
  private healed = false
  /** A process that was frozen when the present one took its place. */
  private frozen: { readonly hub: Hub; readonly store: MortalStore; readonly thaw: () => void } | undefined
  /** Lets the saves of the present process through. */
  private gate = gate()
  private store: MortalStore
  private kit: { readonly hub: Hub; readonly log: TestLog }

  constructor(seed: number, sabotage: Sabotage | undefined) {
    this.chance = new Chance(seed)
    this.clock = new TestClock(seed)
    this.sabotage = sabotage
    simulatedClock.now = this.clock
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
    for (const page of this.pages) page.checkAtRest(this.keptOf(page.token))
    await this.end()
  }

  private async step(): Promise<void> {
    const page = this.chance.pick(this.pages)
    const roll = this.chance.below(100)
    if (roll < 50) this.call(page)
    else if (roll < 62) this.cut(page)
    else if (roll < 82) await this.reconnect(page)
    else if (roll < 87) await this.reload(page)
    else if (roll < 89) await this.duplicate(page)
    else if (roll < 92) await this.crash()
    else if (roll < 94) await this.freeze()
    else if (roll < 96) this.thaw()
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
    const next = await this.open({ tab: page.successor(this.kit.hub, this.clock), earlier: page })
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

  /** The browser's "Duplicate tab". */
  private async duplicate(page: Page): Promise<void> {
    if (this.pages.length >= pagesAtMost || page.token === '') return
    this.lived.duplicates += 1
    const { token } = page
    const origin = () => [...(this.kept.get(token)?.values() ?? [])].map(text)
    const copy = await this.open({ tab: page.duplicate(this.kit.hub, this.clock), origin })
    this.note(`${page.name} is duplicated: ${copy.name}`)
  }

  /** `kill -STOP`, as of a suspended machine; the next process starts over the same store. */
  private async freeze(): Promise<void> {
    this.lived.freezes += 1
    this.note('the hub is frozen and another one started')
    this.endFrozen()
    const { store, gate, kit } = this
    gate.close()
    this.frozen = { hub: kit.hub, store, thaw: () => gate.open() }
    this.store = this.process()
    this.kit = this.start()
    for (const page of this.pages) page.rewire(this.kit.hub, this.clock)
  }

  private thaw(): void {
    if (!this.frozen) return
    this.note('the frozen hub goes on')
    this.frozen.thaw()
  }

  private endFrozen(): void {
    this.frozen?.store.die()
    this.frozen?.hub.flow.end()
    this.frozen = undefined
  }

  private async heal(): Promise<void> {
    this.note('everything heals')
    this.healed = true
    this.endFrozen()
    await this.reunite()
    for (const page of this.pages) {
      page.make('mark') // a state whose first save failed is made by the next call
      this.lived.calls += 1
    }
    await this.reunite()
    for (const page of this.pages) page.check()
  }

  /** A hub that finds a page's state taken over by another one ends its connection, so one attempt may not be enough. */
  private async reunite(): Promise<void> {
    for (let attempt = 0; attempt < 3; attempt += 1) {
      for (const page of this.pages) await page.connect()
      await this.clock.advance(20_000)
    }
  }

  private async end(): Promise<void> {
    const closing = this.kit.hub.close()
    await this.clock.advance(60_000)
    await closing
    for (const page of this.pages) page.close()
  }

  private async open({ tab = this.newTab(), earlier, origin }: Opening = {}): Promise<Page> {
    this.opened += 1
    const page = new Page(tab, this.clock, {
      name: `page ${this.opened}`,
      origin,
      kept: (revision) => this.kept.get(tab.token)?.get(revision),
      latency: () => (this.healed ? 0 : this.chance.pick([0, 0, 1, 5, 40])),
      mark: () => this.lived.calls + 1,
      forgets: this.sabotage === 'forget-page',
      hides: this.sabotage === 'hide-progress',
      earlier,
    })
    this.pages.push(page)
    await page.connect()
    await this.clock.advance(earlier ? this.chance.below(30) : 200)
    return page
  }

  private newTab(): TestTab {
    return new TestTab(this.kit.hub, this.clock, this.clock.id())
  }

  private start() {
    return testHub([journal], { store: this.store }, this.clock)
  }

  /** The store as a process has it: slow, and now and then a save fails. */
  private process(): MortalStore {
    const { chance, clock } = this
    const running = gate()
    this.gate = running
    const slow = async () => {
      await new Promise<void>((resolve) => void clock.after(this.healed ? 0 : chance.pick([0, 0, 1, 10]), resolve))
      await running.opened()
    }
    const fails = (when: string) => {
      if (!this.healed && chance.happens(0.01)) throw new Error(`the disk failed ${when} the save was kept`)
    }
    const kept = (token: string, { revision, state }: Stored) => {
      const revisions = this.kept.get(token) ?? new Map<number, Journal>()
      this.kept.set(
        token,
        revisions.set(revision, (state.journal ?? { marks: [], counts: new Map() }) as unknown as Journal),
      )
    }
    const store = mortalStore(this.handle(), { slow, fails, kept })
    return this.sabotage === 'acknowledge-early'
      ? { ...store, save: (token, next) => void store.save(token, next) }
      : store
  }

  /** A process's handle on what all of them share. */
  private handle(): StateStore {
    const { memory } = this
    const store = memoryStore(memory)
    if (this.sabotage === 'forget-calls')
      return { ...store, load: (token) => withoutCalls(store.load(token) as Stored | undefined) }
    if (this.sabotage === 'skip-fence')
      return { ...store, save: (token, stored) => void memory.set(token, { stored, owner: store }) }
    return store
  }

  private keptOf(token: string): Journal {
    return this.memory.get(token)?.stored.state.journal as unknown as Journal
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

function gate() {
  let open = true
  let waiting: (() => void)[] = []
  return {
    opened: () => (open ? Promise.resolve() : new Promise<void>((resolve) => waiting.push(resolve))),
    close: () => {
      open = false
    },
    open: () => {
      open = true
      for (const resolve of waiting) resolve()
      waiting = []
    },
  }
}

const withoutCalls = (stored: Stored | undefined) => stored && { ...stored, calls: [] }
