/** The servers of a simulation: one process at a time over one store, of which each may die or freeze while the next one goes on. */
import { promised } from '../base/eventually.js'
import type { HubRuntime } from '../hub/hub.js'
import { type Memory, memoryStore } from '../store/memory.js'
import type { StateStore, Stored } from '../store/store.js'
import type { Chance } from './chance.js'
import type { TestClock } from './clock.js'
import { testHub } from './kit.js'
import { type MortalStore, mortalStore } from './mortal.js'
import type { Sabotage } from './sabotage.js'
import { sabotaged } from './sabotaged-hub.js'
import type { Page } from './simulated-page.js'
import { type Journal, journal } from './simulated-state.js'

/** What the servers of a simulation share with its world. */
export interface World {
  readonly chance: Chance
  readonly clock: TestClock
  readonly sabotage: Sabotage | undefined
  /** Nothing goes wrong any more. */
  readonly healed: boolean
  /** No process dies or freezes, and nothing fails: only time passes. */
  readonly calm: boolean
  /** Notes a state that was kept. */
  kept(token: string, revision: number, journal: Journal): void
}

export interface Servers {
  /** A hub that serves now. */
  readonly hub: HubRuntime
  /** Leads a page that is not connected to a hub that serves. */
  lead(page: Page): void
  /** `kill -9`, and the next process. What happened, for the diary. */
  crash(pages: readonly Page[]): string
  /** `kill -STOP`, as of a suspended machine; others serve. */
  freeze(pages: readonly Page[]): string
  /** A frozen process goes on. */
  thaw(): string | undefined
  heal(): void
  /** Throws where the processes break a promise among themselves. */
  check(): void
  /** Milliseconds in which what waits has ended, once nothing goes wrong any more. */
  readonly healsWithin: number
  end(): Promise<void>
  keptOf(token: string): Journal
}

export const journalOf = (state: Stored['state']): Journal =>
  (state.journal ?? { marks: [], counts: new Map(), attempts: new Map(), told: new Map() }) as unknown as Journal

/** A state is unloaded while its page is away for a while, and a page that does not read is soon sent nothing further. */
export const simulatedLimits = { unloadMs: 150, unreadBytes: 300, unreadMs: 2_000 }

export class SingleServer implements Servers {
  readonly healsWithin = 20_000
  private readonly world: World
  private readonly memory: Memory = new Map()
  /** A process that was frozen when the present one took its place. */
  private frozen: { readonly hub: HubRuntime; readonly store: MortalStore; readonly thaw: () => void } | undefined
  /** Lets the saves of the present process through. */
  private gate = gate()
  private store: MortalStore
  hub: HubRuntime

  constructor(world: World) {
    this.world = world
    this.store = this.process()
    this.hub = this.start()
  }

  lead(): void {}

  crash(pages: readonly Page[]): string {
    this.store.die()
    this.hub.lockScope.close()
    this.next(pages)
    return 'the hub is killed and started anew'
  }

  freeze(pages: readonly Page[]): string {
    this.endFrozen()
    const { store, gate, hub } = this
    gate.close()
    this.frozen = { hub, store, thaw: () => gate.open() }
    this.next(pages)
    return 'the hub is frozen and another one started'
  }

  thaw(): string | undefined {
    this.frozen?.thaw()
    return this.frozen && 'the frozen hub goes on'
  }

  heal(): void {
    this.endFrozen()
  }

  check(): void {}

  async end(): Promise<void> {
    const closing = this.hub.close()
    await this.world.clock.advance(60_000)
    await closing
  }

  keptOf(token: string): Journal {
    return journalOf(this.memory.get(token)?.stored.state ?? {})
  }

  private next(pages: readonly Page[]): void {
    this.store = this.process()
    this.hub = this.start()
    for (const page of pages) page.rewire(this.hub, this.world.clock)
  }

  private endFrozen(): void {
    this.frozen?.store.die()
    this.frozen?.hub.lockScope.close()
    this.frozen = undefined
  }

  private start(): HubRuntime {
    const { hub } = testHub([journal], { store: this.store, limits: simulatedLimits }, this.world.clock)
    return sabotaged(hub, this.world.sabotage)
  }

  /** The store as a process has it: slow, and now and then a save fails. */
  private process(): MortalStore {
    const { world } = this
    const { chance, clock } = world
    const running = gate()
    this.gate = running
    const slow = async () => {
      await new Promise<void>((resolve) => void clock.after(world.healed ? 0 : chance.pick([0, 0, 1, 10]), resolve))
      await running.opened()
    }
    const fails = (when: string) => {
      if (!world.healed && chance.happens(0.01)) throw new Error(`the disk failed ${when} the save was kept`)
    }
    const kept = (token: string, { revision, state }: Stored) => world.kept(token, revision, journalOf(state))
    const store = mortalStore(this.handle(), { slow, fails, kept })
    return world.sabotage === 'acknowledge-early'
      ? { ...store, save: (token, next) => void promised(() => store.save(token, next)).catch(() => {}) } // nobody hears of it
      : store
  }

  /** A process's handle on what all of them share. */
  private handle(): StateStore {
    const { memory } = this
    const { sabotage } = this.world
    const store = memoryStore(memory)
    if (sabotage === 'forget-calls')
      return { ...store, load: (token) => withoutCalls(store.load(token) as Stored | undefined) }
    if (sabotage === 'forget-reply')
      return { ...store, load: (token) => withoutReplies(store.load(token) as Stored | undefined) }
    if (sabotage === 'forget-result')
      return { ...store, load: (token) => withoutResults(store.load(token) as Stored | undefined) }
    if (sabotage === 'skip-fence')
      return { ...store, save: (token, stored) => void memory.set(token, { stored, owner: store }) }
    return store
  }
}

export function gate() {
  let open = true
  let waiting: (() => void)[] = []
  return {
    get isOpen() {
      return open
    },
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

const withoutResults = (stored: Stored | undefined) =>
  stored?.runEnds ? { ...stored, runEnds: stored.runEnds.map(({ result: _, ...end }) => end) } : stored

const withoutCalls = (stored: Stored | undefined) => stored && { ...stored, calls: [] }

const withoutReplies = (stored: Stored | undefined) =>
  stored && { ...stored, calls: stored.calls.map(({ replies: _, ...page }) => page) }
