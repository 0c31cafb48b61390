/** A page of the simulation: what it did, what it was told, and what must be true of both. */
import type { HeldStateError } from '../base/errors.js'
import type { HubRuntime } from '../hub/hub.js'
import type { ClientView } from '../state/definition.js'
import type { Chance } from './chance.js'
import type { TestClock } from './clock.js'
import { TestTab } from './kit.js'
import { type Journal, journal, rounds } from './simulated-state.js'

export interface PageOptions {
  readonly name: string
  /** What the store kept of this tab at a revision. */
  kept(revision: number): Journal | undefined
  latency(): number
  /** A number that no other call has. */
  mark(): number
  readonly forgets: boolean
  readonly hides: boolean
  /** Of a duplicated tab: every state of its original that was kept. */
  readonly origin: (() => readonly string[]) | undefined
  /** No process dies or freezes. */
  readonly calm: boolean
  /** It starts tasks that wait for each other. */
  readonly queues: boolean
  /** The page that this one follows, after a reload. */
  readonly earlier: Page | undefined
}

const kinds = ['mark', 'mark', 'slowly', 'fail', 'twice', 'hope', 'doubt', 'work', 'surely', 'surely'] as const
/** Of lives in which starts wait for each other. */
const waitingKinds = ['mark', 'slowly', 'fail', 'twice', 'inLine', 'inLine', 'more', 'more'] as const
type Kind = (typeof kinds | typeof waitingKinds)[number]

/** Calls that the page shows before the hub has answered. */
const optimistic: ReadonlySet<Kind> = new Set<Kind>(['hope', 'doubt'])

interface Made {
  readonly mark: number
  readonly kind: Kind
  /** `undefined` while it waits. */
  end: 'done' | 'not-saved' | HeldStateError['code'] | undefined
}

export class Page {
  readonly name: string
  private readonly tab: TestTab
  private readonly clock: TestClock
  private readonly options: PageOptions
  private readonly made: Made[] = []
  private ended = false
  private problem: Error | undefined
  private lastRevision = 0
  private originChecked = false

  constructor(tab: TestTab, clock: TestClock, options: PageOptions) {
    this.tab = tab
    this.clock = clock
    this.options = options
    this.name = options.name
    tab.wire.latency = options.latency
    if (options.forgets) tab.wire.alter = (hello) => ({ ...hello, page: clock.id() })
    if (options.hides) tab.wire.alterDown = hideProgress
    tab.state(journal)
    tab.onChange(() => this.noting(() => this.look()))
  }

  /** What it may have begun with. */
  origins(): readonly string[] {
    return this.options.origin?.() ?? this.options.earlier?.origins() ?? []
  }

  get token(): string {
    return this.tab.token
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
    this.ended = true
    this.tab.close()
  }

  /** The tab after a reload: the same token, and a new page. */
  successor(hub: HubRuntime, clock: TestClock): TestTab {
    const { tab } = this
    this.ended = true
    tab.wire.abandon()
    tab.close()
    return new TestTab(hub, clock, tab.browser, tab.signedToken)
  }

  /** A copy of this tab, as a browser makes it: with the same sessionStorage, and beside the original. */
  duplicate(hub: HubRuntime, clock: TestClock): TestTab {
    return new TestTab(hub, clock, this.tab.browser, this.tab.signedToken, true)
  }

  /** Makes a random call; what it was, for the diary. */
  call(chance: Chance): string {
    const state = this.tab.state(journal)
    if (chance.happens(0.1)) {
      state.work.cancel().then(() => this.noting(() => this.cancelled()), ignore)
      return 'work.cancel()'
    }
    if (chance.happens(0.1)) {
      state.secretly().catch(ignore)
      return 'secretly()'
    }
    return this.make(chance.pick(this.options.queues ? waitingKinds : kinds))
  }

  make(kind: Kind): string {
    const state = this.tab.state(journal)
    const made: Made = { mark: this.options.mark(), kind, end: undefined }
    this.made.push(made)
    const call = made.kind === 'work' ? state.work.start(made.mark) : state[made.kind](made.mark)
    call.then(
      () => {
        made.end = 'done'
        this.noting(() => this.settledWell(made))
      },
      ({ code, message }: HeldStateError) => {
        made.end = message.includes('Nothing of it was kept') ? 'not-saved' : code
      },
    )
    return `${made.kind}(${made.mark})`
  }

  /** Throws what went wrong since the last check. */
  check(): void {
    this.noting(() => this.look())
    if (this.problem) throw this.problem
  }

  /** A subscriber may not throw; what it finds is kept for the next check. */
  private noting(look: () => void): void {
    try {
      look()
    } catch (error) {
      this.problem ??= error as Error
    }
  }

  /** What the mirror shows is what was kept at its revision, and never older than before. */
  private look(): void {
    if (this.ended) return
    const { revision } = this.tab
    if (revision === 0) return this.lookAtUnsaved()
    require(revision >= this.lastRevision, `${this.name} went back from revision ${this.lastRevision} to ${revision}`)
    this.lastRevision = revision
    const kept = this.options.kept(revision)
    const shown = this.tab.state(journal)
    require(kept, `${this.name} shows revision ${revision}, which nobody has kept`)
    const said = { ...shown, marks: shown.marks.slice(0, kept.marks.length) }
    require(text(said) ===
      text(kept), `${this.name} shows ${text(shown)} at revision ${revision}; kept was ${text(kept)}`)
    this.checkExpected(shown.marks.slice(kept.marks.length), kept)
    require(shown.count === kept.marks.length, `${this.name} shows a computed value of another state`)
    if (this.options.calm) this.checkCalm(shown)
    require(!('secret' in shown), `${this.name} got a private field`)
    this.checkOrigin(kept)
  }

  /** Nothing is saved yet: it shows first values or those of its original, and the calls that it expects to take effect. */
  private lookAtUnsaved(): void {
    require(this.lastRevision === 0, `${this.name} went back from revision ${this.lastRevision} to none`)
    this.checkOrigin(this.tab.state(journal))
  }

  /** What is shown on top of what was kept belongs to calls that have neither ended nor taken effect, in order. */
  private checkExpected(marks: readonly number[], kept: Journal): void {
    const open = this.made.filter(({ kind, end }) => optimistic.has(kind) && end === undefined).map(({ mark }) => mark)
    const wrong = marks.find(
      (mark, at) => !open.includes(mark) || kept.marks.includes(mark) || mark <= (marks[at - 1] ?? 0),
    )
    require(wrong ===
      undefined, `${this.name} shows ${marks} of calls that have not ended; ${wrong} is none of them, or is there twice`)
  }

  /** Nobody may say that a process has died while all of them live. */
  private checkCalm({ work, sure, attempts }: ClientView<typeof journal>): void {
    for (const { error } of [work, sure])
      require(error?.code !==
        'interrupted', `${this.name} was told that a task was interrupted, though no process ended`)
    for (const [mark, times] of attempts)
      require(times === 1, `${this.name} sees that ${mark} was begun ${times} times, though no process ended`)
  }

  /** A duplicated tab begins with what was kept of the original at some moment. */
  private checkOrigin(kept: Pick<Journal, 'marks' | 'counts'>): void {
    if (this.originChecked) return
    this.originChecked = this.tab.revision > 0
    const mine = new Set(this.made.map(({ mark }) => mark)) // its own calls may be there already
    const marks = kept.marks.filter((mark) => !mine.has(Math.abs(mark)))
    const counts = new Map([...(kept.counts ?? [])].filter(([mark]) => !mine.has(mark)))
    const known = marks.length === 0 || this.origins().includes(text({ marks, counts }))
    if (this.options.origin || this.tab.revision === 0)
      require(known, `${this.name} began with ${text(kept)}, which its original never was`)
  }

  /** Once all has healed: nothing twice, nothing lost, in order. */
  checkAtRest(kept: Journal): void {
    for (const page of this.all()) page.checkCalls(kept)
    if (this.options.queues) this.checkQueues(kept)
    require(this.tab.connection === 'live', `${this.name} is ${this.tab.connection} for ever`)
    require(text(this.tab.state(journal)) === text(kept), `${this.name} does not show what is kept`)
    const waiting = this.made.filter(({ end }) => end === undefined).map(({ mark }) => mark)
    require(waiting.length === 0, `${this.name} never heard of calls ${waiting}`)
    const odd = this.tab.reports.filter(
      (report) => !/^The (change could not be saved|saved state of this tab could not be loaded)/.test(report),
    )
    require(odd.length === 0, `${this.name} was told: ${odd}`)
  }

  /** One ran after the other, in the order of their calls, and nothing that was to be done is left. */
  private checkQueues(kept: Journal): void {
    const { overlaps, begun, todo, line, drain } = this.tab.state(journal)
    require(overlaps === 0, `${this.name}: ${overlaps} tasks of a queue ran while another did`)
    const order = kept.marks.filter((mark) => begun.includes(mark))
    require(`${begun}` ===
      `${order}`, `${this.name}: a queue ran in the order ${begun}, and was filled in the order ${order}`)
    require(todo === 0, `${this.name}: ${todo} pieces of work are left, and nobody does them`)
    for (const [name, { running, waiting }] of Object.entries({ line, drain }))
      require(running === 0 && waiting === 0, `${this.name}: ${running} of ${name} run and ${waiting} wait for ever`)
  }

  private checkCalls(kept: Journal): void {
    const order = this.made.map(({ mark }) => mark)
    const left = kept.marks.filter((mark) => order.includes(mark))
    require(text({ marks: left }) ===
      text({ marks: [...left].sort((a, b) => a - b) }), `${this.name}: calls took effect out of order: ${left}`)
    for (const made of this.made) this.checkCall(made, kept)
  }

  private checkCall({ mark, kind, end }: Made, kept: Journal): void {
    const times = (wanted: number) => kept.marks.filter((other) => other === wanted).length
    const what = `${this.name}: ${kind}(${mark}) ended with ${end ?? 'nothing'} and left`
    if (kind === 'surely' || kind === 'inLine') {
      const count = kept.counts.get(mark) ?? 0
      require(count === times(mark) * rounds, `${what} ${times(mark)} marks and ${count} increments of ${rounds}`)
    }
    if (kind === 'work')
      return require((kept.counts.get(mark) ?? 0) <= rounds, `${what} ${kept.counts.get(mark)} increments of ${rounds}`)
    require(times(mark) <= 1 && times(-mark) <= 1, `${what} ${times(mark)} marks`)
    require(times(-mark) <= times(mark), `${what} its second half alone`)
    if (end === 'done')
      require(times(mark) === 1 && (kind !== 'twice' || times(-mark) === 1), `${what} ${times(mark)} marks`)
    else if (end === 'interrupted') require(times(mark) === 1 && times(-mark) === 0, `${what} ${times(mark)} marks`)
    else if (end === 'handler-failed' || end === 'load-failed')
      require(times(mark) === 0, `${what} ${times(mark)} marks`)
    else if (end === 'not-saved' && kind !== 'twice') require(times(mark) === 0, `${what} ${times(mark)} marks`)
    else if (end === 'save-failed')
      return // nobody knows whether the last save was kept
    else if (end === 'not-saved') require(times(-mark) === 0, `${what} the whole of it`)
    else if (end === 'connection-lost' && this.ended)
      return // the page closed before it heard
    else if (end !== undefined) throw new Error(`${what} ${times(mark)} marks: no reason that was to be expected`)
  }

  /** A call that settles well is visible at once. */
  private settledWell({ mark, kind }: Made): void {
    if (this.ended || kind === 'work') return
    require(this.tab
      .state(journal)
      .marks.includes(mark), `${this.name} was told that ${kind}(${mark}) is done before it saw it`)
  }

  private cancelled(): void {
    const { work } = this.tab.state(journal)
    require(this.ended || work !== undefined, `${this.name} has no task handle`)
  }

  private all(): Page[] {
    return [...(this.options.earlier?.all() ?? []), this]
  }
}

export const text = ({ marks, counts }: { readonly marks: readonly number[]; readonly counts?: unknown }) =>
  `${marks}${counts instanceof Map ? ` ${[...counts].map((pair) => pair.join(':'))}` : ''}`

function require(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(message)
}

/** A welcome, or what a page missed, that says that none of its calls has ended. */
const hideProgress = (name: string, args: readonly unknown[]) =>
  name === 'w' || name === 'r' ? [...args.slice(0, -2), 0, args.at(-1)] : args

const ignore = () => {}
