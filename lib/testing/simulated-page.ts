/** A page of the simulation: its connection, and what it shows and calls through each of its subscriptions. */
import { StateHandle } from '../client/state-handle.js'
import type { ClientSubscription } from '../client/subscription.js'
import type { HubRuntime } from '../hub/hub.js'
import type { Chance } from './chance.js'
import type { TestClock } from './clock.js'
import { TestTab } from './kit.js'
import type { Sabotage } from './sabotage.js'
import { sabotageWire } from './sabotaged-wire.js'
import { atticAddress, boardAddress, boardOf } from './simulated-board.js'
import { Side, type SideOptions } from './simulated-side.js'
import { type Journal, journal } from './simulated-state.js'

export interface PageOptions extends Omit<SideOptions, 'kept' | 'origins' | 'isOriginal' | 'earlier'> {
  /** What the store kept of a token at a revision. */
  kept(token: string, revision: number): Journal | undefined
  latency(): number
  readonly sabotage: Sabotage | undefined
  /** Of a duplicated tab: every state of its original that was kept. */
  readonly origin: (() => readonly string[]) | undefined
  /** The page that this one follows, after a reload. */
  readonly earlier: Page | undefined
  /** Has a second subscription. */
  readonly two: boolean
  /** Opens a further one before that, which it never uses. */
  readonly attic: boolean
}

export class Page {
  readonly name: string
  private readonly tab: TestTab
  private readonly clock: TestClock
  private readonly options: PageOptions
  private readonly own: Side
  /** What it shows and calls of a second state. */
  private readonly board: Side | undefined

  constructor(tab: TestTab, clock: TestClock, options: PageOptions) {
    this.tab = tab
    this.clock = clock
    this.options = options
    this.name = options.name
    tab.wire.latency = options.latency
    sabotageWire(tab.wire, options.sabotage, clock)
    const { earlier, origin } = options
    this.own = new Side(
      tab,
      { state: () => tab.state(journal), number: 0 },
      {
        ...options,
        kept: (revision) => options.kept(tab.token, revision),
        origins: () => this.origins(),
        isOriginal: origin === undefined,
        earlier: earlier?.own,
      },
    )
    if (options.two && options.attic) tab.tab.open(atticAddress) // so the board has another number than in the page before
    this.board = options.two ? this.openBoard(tab.tab.open(boardAddress)) : undefined
    tab.state(journal)
    tab.onChange(() => this.look())
  }

  private openBoard(subscription: ClientSubscription): Side {
    const { options, tab } = this
    const handle = new StateHandle(journal, subscription)
    const state = () => handle.snapshot(tab.tab.mirror.getState()) as ReturnType<typeof tab.state<typeof journal>>
    return new Side(
      tab,
      { state, number: subscription.number },
      {
        ...options,
        name: `${options.name}, at the board,`,
        kept: (revision) => options.kept(boardOf(tab.token), revision),
        origins: () => [],
        isOriginal: true,
        earlier: options.earlier?.board,
      },
    )
  }

  private get sides(): readonly Side[] {
    return this.board ? [this.own, this.board] : [this.own]
  }

  private look(): void {
    for (const side of this.sides) side.look()
  }

  /** What it may have begun with. */
  origins(): readonly string[] {
    return this.options.origin?.() ?? this.options.earlier?.origins() ?? []
  }

  get token(): string {
    return this.tab.token
  }

  get hasBoard(): boolean {
    return this.board !== undefined
  }

  get connected(): boolean {
    return this.tab.wire.connected
  }

  async connect(): Promise<void> {
    if (this.tab.wire.started) await this.tab.wire.connect()
    else this.tab.connect()
  }

  lose(noticedAfter: number | undefined): void {
    if (noticedAfter === undefined) return this.tab.wire.cut()
    const late = this.tab.wire.abandon()
    this.clock.after(noticedAfter, late)
  }

  /** Reads nothing that it is sent for so long. */
  stall(ms: number): void {
    this.tab.wire.stall()
    this.clock.after(ms, () => this.read())
  }

  read(): void {
    this.tab.wire.read()
  }

  rewire(hub: HubRuntime, clock: TestClock): void {
    this.tab.rewire(hub, clock)
  }

  close(): void {
    this.end()
    this.tab.close()
  }

  private end(): void {
    for (const side of this.sides) side.end()
  }

  /** The tab after a reload: the same token, and a new page. */
  successor(hub: HubRuntime, clock: TestClock): TestTab {
    const { tab } = this
    this.end()
    tab.tab.kept.save() // as when it is hidden
    const { signedToken, stored } = tab
    tab.wire.abandon()
    tab.close()
    return new TestTab(hub, clock, tab.browser, signedToken, false, stored)
  }

  /** A copy of this tab, as a browser makes it: with the same sessionStorage, next to the original. */
  duplicate(hub: HubRuntime, clock: TestClock): TestTab {
    this.tab.tab.kept.save()
    return new TestTab(hub, clock, this.tab.browser, this.tab.signedToken, true, this.tab.stored)
  }

  /** Makes a random call; what it was, for the diary. */
  call(chance: Chance): string {
    return (this.board && chance.happens(0.4) ? this.board : this.own).call(chance)
  }

  /** Marks each of its states. */
  mark(): void {
    for (const side of this.sides) side.make('mark')
  }

  /** Throws what went wrong since the last check. */
  check(): void {
    for (const side of this.sides) side.check()
  }

  /** Once all has healed: nothing twice, nothing lost, in order. */
  checkAtRest(keptOf: (token: string) => Journal): void {
    let missing = 0
    for (const page of this.all()) {
      const token = page.token || this.token // one that was reloaded before it had a token: the page after it has
      missing += page.own.checkCalls(keptOf(token)) + (page.board?.checkCalls(keptOf(boardOf(token))) ?? 0)
    }
    const failed = this.all().flatMap(({ tab }) => tab.reports.filter((report) => notSaved.test(report))).length
    if (missing > failed && !this.hasGivenUp)
      throw new Error(`${this.name}: ${missing} calls of pages before it had no effect, and ${failed} failed`)
    this.own.checkAtRest(keptOf(this.token))
    this.board?.checkAtRest(keptOf(boardOf(this.token)))
    const odd = this.tab.reports.filter((report) => !expected.test(report))
    if (odd.length > 0) throw new Error(`${this.name} was told: ${odd}`)
  }

  /** More pages have come and gone, with calls that they left, than are remembered. */
  private get hasGivenUp(): boolean {
    return this.all().some(({ tab }) => tab.reports.some((report) => givenUp.test(report)))
  }

  private all(): Page[] {
    return [...(this.options.earlier?.all() ?? []), this]
  }
}

const notSaved = /could not be saved|could not load the saved state of this tab/
const givenUp = /are dropped/

/** What a page may be told: of a store that failed, and of how calls of the page before it have ended. */
const expected = new RegExp(
  `${notSaved.source}|^Something went wrong|^Event "twice" of state "journal" was interrupted|^The server stopped while this ran|${givenUp.source}`,
)
