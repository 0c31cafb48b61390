/** What a page of the simulation shows and calls through one subscription: what it did, what it was told, and what must be true of both. */
import { isDeepStrictEqual } from 'node:util'
import type { HeldStateError } from '../base/errors.js'
import { shownOf } from '../client/mirror.js'
import type { ClientView } from '../state/definition.js'
import type { Chance } from './chance.js'
import type { TestTab } from './kit.js'
import { require } from './require.js'
import { ask, fails, type Kind, kinds, type Made, optimistic, waitingKinds } from './simulated-calls.js'
import { Origin } from './simulated-origin.js'
import { type Journal, type journal, rounds, text } from './simulated-state.js'

export interface SideOptions {
  readonly name: string
  /** What the store kept of its state at a revision. */
  kept(revision: number): Journal | undefined
  /** A number that no other call has. */
  mark(): number
  /** What it may have begun with. */
  origins(): readonly string[]
  /** The same state in the page before it in its tab. */
  readonly earlier: Side | undefined
  /** It is no copy of another tab. */
  readonly isOriginal: boolean
  /** No process dies or freezes. */
  readonly calm: boolean
  /** It starts tasks that wait for each other. */
  readonly queues: boolean
}

/** The subscription. */
export interface Watched {
  readonly number: number
  state(): ClientView<typeof journal>
}

export class Side {
  private readonly tab: TestTab
  private readonly watched: Watched
  private readonly options: SideOptions
  private readonly name: string
  private readonly made: Made[] = []
  /** Calls that have not settled when the page ended. */
  private readonly left = new Set<Made>()
  private ended = false
  private problem: Error | undefined
  private lastRevision = 0
  private readonly origin: Origin

  constructor(tab: TestTab, watched: Watched, options: SideOptions) {
    this.tab = tab
    this.watched = watched
    this.options = options
    this.name = options.name
    this.origin = new Origin(options)
  }

  /** The page has ended. What it did not hear the end of goes on in the page after it. */
  end(): void {
    this.ended = true
    for (const made of this.made) if (made.end === undefined) this.left.add(made)
  }

  private get revision(): number {
    return shownOf(this.tab.tab.mirror.getState(), this.watched.number).revision
  }

  /** Makes a random call; what it was, for the diary. */
  call(chance: Chance): string {
    const state = this.watched.state()
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
    const state = this.watched.state()
    const made: Made = { mark: this.options.mark(), kind, end: undefined }
    this.made.push(made)
    ask(state, made).then(
      (given) => {
        made.end = 'done'
        this.noting(() => this.checkReply(made, given))
        this.noting(() => this.settledWell(made))
      },
      ({ code, message }: HeldStateError) => {
        made.end = code === 'save-failed' && message.includes('Nothing was changed') ? 'not-saved' : code
      },
    )
    return `${made.kind}(${made.mark})`
  }

  /** What is shown has changed; what is wrong with it is kept for the next check. */
  look(): void {
    this.noting(() => this.lookNow())
  }

  /** Throws what went wrong since the last check. */
  check(): void {
    this.noting(() => this.lookNow())
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
  private lookNow(): void {
    if (this.ended) return
    const { revision } = this
    if (revision === 0) return this.lookAtUnsaved()
    require(revision >= this.lastRevision, `${this.name} went back from revision ${this.lastRevision} to ${revision}`)
    this.lastRevision = revision
    const kept = this.options.kept(revision)
    const shown = this.watched.state()
    require(kept, `${this.name} shows revision ${revision}, which nobody has kept`)
    const said = { ...shown, marks: shown.marks.slice(0, kept.marks.length) }
    require(text(said) ===
      text(kept), `${this.name} shows ${text(shown)} at revision ${revision}; kept was ${text(kept)}`)
    this.checkExpected(shown.marks.slice(kept.marks.length), kept)
    const words = shown.marks.map((mark) => `${mark},`).join('')
    require(shown.said === words, `${this.name} shows the words ${shown.said} of the marks ${shown.marks}`)
    require(shown.count === kept.marks.length, `${this.name} shows a computed value of another state`)
    if (this.options.calm) this.checkCalm(shown)
    require(!('secret' in shown), `${this.name} got a private field`)
    this.origin.check(kept, revision, this.allMade())
  }

  /** Nothing is saved yet: it shows first values or those of its original, and the calls that it expects to take effect. */
  private lookAtUnsaved(): void {
    require(this.lastRevision === 0, `${this.name} went back from revision ${this.lastRevision} to none`)
    this.origin.check(this.watched.state(), 0, this.allMade())
  }

  /** What is shown on top of what was kept belongs to calls that have neither ended nor taken effect, in order. */
  private checkExpected(marks: readonly number[], kept: Journal): void {
    const open = this.openCalls()
      .filter(({ kind }) => optimistic.has(kind))
      .map(({ mark }) => mark)
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

  /** Calls of the pages of its tab that may not have ended. */
  private openCalls(): Made[] {
    const open = this.ended ? [...this.left] : this.made.filter(({ end }) => end === undefined)
    return [...(this.options.earlier?.openCalls() ?? []), ...open]
  }

  private allMade(): Made[] {
    return [...(this.options.earlier?.allMade() ?? []), ...this.made]
  }

  /** Once all has healed: nothing twice, nothing lost, in order. */
  checkAtRest(kept: Journal): void {
    if (this.options.queues) this.checkQueues(kept)
    require(this.tab.connection === 'live', `${this.name} is ${this.tab.connection} for ever`)
    require(text(this.watched.state()) === text(kept), `${this.name} does not show what is kept`)
    this.checkView()
    const waiting = this.made.filter(({ end }) => end === undefined).map(({ mark }) => mark)
    require(waiting.length === 0, `${this.name} never heard of calls ${waiting}`)
  }

  /** Nothing of the mirror differs from what the hub has, statuses of tasks included. */
  private checkView(): void {
    const { number } = this.watched
    const [shown] = shownOf(this.tab.tab.mirror.getState(), number).views.values()
    const known = this.tab.wire.view(number, 'journal')
    require(isDeepStrictEqual(
      shown,
      known,
    ), `${this.name} mirrors ${JSON.stringify(shown)} of ${JSON.stringify(known)}`)
  }

  /** One ran after the other, in the order of their calls, and nothing that was to be done is left. */
  private checkQueues(kept: Journal): void {
    const { overlaps, begun, todo, line, drain } = this.watched.state()
    require(overlaps === 0, `${this.name}: ${overlaps} tasks of a queue ran while another did`)
    const order = kept.marks.filter((mark) => begun.includes(mark))
    require(`${begun}` ===
      `${order}`, `${this.name}: a queue ran in the order ${begun}, and was filled in the order ${order}`)
    require(todo === 0, `${this.name}: ${todo} pieces of work are left, and nobody does them`)
    for (const [name, { running, waiting }] of Object.entries({ line, drain }))
      require(running === 0 && waiting === 0, `${this.name}: ${running} of ${name} run and ${waiting} wait for ever`)
  }

  /** Gives how many calls that a later page took over have had no effect, and should have. */
  checkCalls(kept: Journal): number {
    const order = this.made.map(({ mark }) => mark)
    const left = kept.marks.filter((mark) => order.includes(mark))
    require(text({ marks: left }) ===
      text({ marks: [...left].sort((a, b) => a - b) }), `${this.name}: calls took effect out of order: ${left}`)
    for (const made of this.made) this.checkCall(made, kept)
    const missing = [...this.left].filter(
      ({ kind, mark }) => kind !== 'work' && kind !== 'tell' && !fails(kind, mark) && !left.includes(mark),
    )
    return missing.length
  }

  private checkCall(made: Made, kept: Journal): void {
    const { mark, kind, end } = made
    const times = (wanted: number) => kept.marks.filter((other) => other === wanted).length
    const what = `${this.name}: ${kind}(${mark}) ended with ${end ?? 'nothing'} and left`
    if (kind === 'surely' || kind === 'inLine') {
      const count = kept.counts.get(mark) ?? 0
      require(count === times(mark) * rounds, `${what} ${times(mark)} marks and ${count} increments of ${rounds}`)
    }
    if (kind === 'work')
      return require((kept.counts.get(mark) ?? 0) <= rounds, `${what} ${kept.counts.get(mark)} increments of ${rounds}`)
    if (kind === 'tell') return this.checkTold(made, kept)
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
    else if (this.left.has(made))
      return // the page after it has heard how it ended
    else if (end !== undefined) throw new Error(`${what} ${times(mark)} marks: no reason that was to be expected`)
  }

  /** A run that has told its result has run, and one whose start was not kept has not. */
  private checkTold(made: Made, kept: Journal): void {
    const { mark, end } = made
    if (this.left.has(made)) return // its page has ended
    const what = `${this.name}: tell(${mark}) ended with ${end ?? 'nothing'}, and its run`
    if (end === 'done') require(kept.told.has(mark), `${what} left nothing`)
    else if (end === 'not-saved') require(!kept.told.has(mark), `${what} left something`)
    else if (end !== undefined && end !== 'save-failed' && end !== 'load-failed')
      throw new Error(`${what}: no reason that was to be expected`)
  }

  /** A call that settles well is visible at once. */
  private settledWell({ mark, kind }: Made): void {
    if (this.ended || kind === 'work') return
    const { marks, told } = this.watched.state()
    require(kind === 'tell'
      ? told.has(mark)
      : marks.includes(mark), `${this.name} was told that ${kind}(${mark}) is done before it saw it`)
  }

  /** A call that replies resolves with just that, however often it was sent, and a run with its own result. */
  private checkReply({ mark, kind }: Made, given: unknown): void {
    if (kind === 'work') return
    const run = this.ended ? undefined : this.watched.state().told.get(mark)
    const expected = kind === 'answer' ? mark : kind === 'tell' && run ? { run, result: { mark, run } } : undefined
    const isAsExpected = (this.ended && kind === 'tell') || JSON.stringify(given) === JSON.stringify(expected)
    require(isAsExpected, `${this.name} was given ${JSON.stringify(given)} for ${kind}(${mark})`)
  }

  private cancelled(): void {
    const { work } = this.watched.state()
    require(this.ended || work !== undefined, `${this.name} has no task handle`)
  }
}

const ignore = () => {}
