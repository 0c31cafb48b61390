/** A tab of the chaos test: it makes calls without end, and notes what became of each and what it saw. */
import { setTimeout } from 'node:timers/promises'
import { systemClock } from '../lib/base/clock.js'
import type { HeldStateError } from '../lib/base/errors.js'
import type { Identity } from '../lib/client/identity.js'
import { shownOf } from '../lib/client/mirror.js'
import { socketWire } from '../lib/client/socket.js'
import { StateHandle } from '../lib/client/state-handle.js'
import { Tab } from '../lib/client/tab.js'
import type { Fields } from '../lib/store/store.js'
import type { Chance } from '../lib/testing/chance.js'
import { cookieOf } from '../lib/transport/server.fixture.js'
import { type ChaosEvent, chaosState, type Job } from './state.js'

/** Calls that a tab lets wait; far from the bound "callsWhileOffline", which refuses. */
const waitingAtMost = 20

export interface Pace {
  /** Milliseconds between two bursts of calls at most. */
  readonly pauseMs: number
  /** Milliseconds between two steps of the task that never ends. */
  readonly tickMs: number
  /** Steps of a durable task; none is started without. */
  readonly jobSteps?: number
}

const quick: Pace = { pauseMs: 60, tickMs: 20 }

interface Made {
  readonly mark: number
  /** How many reloads were before it. */
  readonly page: number
  readonly event: ChaosEvent
  /** `undefined` while it waits; `'left'` when a reload has left it behind. */
  end: 'done' | 'left' | HeldStateError['code'] | undefined
}

interface Seen {
  readonly marks: readonly number[]
  readonly ticks: number
  readonly jobs: Readonly<Record<string, Job>>
  readonly tick: ShownTask & { start(pauseMs: number): Promise<void> }
  readonly count: ShownTask
}

interface ShownTask {
  readonly running: number
  readonly error: { readonly code: string } | null
}

export class ChaosTab {
  readonly name: string
  /** What was wrong. */
  readonly faults: string[] = []
  /** How often its task was shown as interrupted. */
  interrupted = 0
  reloads = 0
  readonly made: Made[] = []
  private readonly url: string
  private readonly chance: Chance
  private readonly pace: Pace
  private readonly browser = systemClock.id()
  private signed: string | undefined
  /** Calls that the browser keeps over a reload. */
  private stored: string | undefined
  /** So many pages have come and gone that calls of the first of them were given up. */
  private hasGivenUp = false
  private tab: Tab
  private handle: StateHandle
  private seen: Pick<Seen, 'marks' | 'ticks'> = { marks: [], ticks: 0 }
  private starting = false
  private ended = false

  constructor(name: string, url: string, chance: Chance, pace = quick) {
    this.pace = pace
    this.name = name
    this.url = url
    this.chance = chance
    ;[this.tab, this.handle] = this.page()
  }

  /** The token that names its state. */
  get token(): string {
    return this.signed?.split('.')[0] ?? ''
  }

  get waiting(): number {
    return this.made.filter(({ end }) => end === undefined).length
  }

  /** Its durable tasks have ended, as far as it can see, and it has not asked for another one. */
  get idle(): boolean {
    return this.now.count.running === 0 && !this.made.some(({ event, end }) => event === 'begin' && end === undefined)
  }

  /** What it shows. */
  get marks(): readonly number[] {
    return this.now.marks
  }

  /** How it stands, for people. */
  get standing(): string {
    const waiting = this.made.filter(({ end }) => end === undefined).map(({ event, mark }) => `${event}(${mark})`)
    const { status } = this.tab.mirror.getState()
    return `${status}, ${waiting.length} calls wait ${waiting.slice(0, 3)}, ${JSON.stringify(this.now.count)} at ${this.token}`
  }

  get live(): boolean {
    return this.tab.mirror.getState().status === 'live'
  }

  /** Makes calls until it is ended. */
  async run(): Promise<void> {
    while (!this.ended) {
      await setTimeout(5 + this.chance.below(this.pace.pauseMs))
      for (let calls = this.chance.below(4); calls > 0 && this.waiting < waitingAtMost; calls -= 1)
        this.call(this.chance.pick(['quickly', 'quickly', 'quickly', 'slowly', 'twice', 'fails'] as const))
      if (this.pace.jobSteps !== undefined && this.live && this.idle) this.call('begin')
    }
  }

  end(): void {
    this.ended = true
  }

  /** The page is loaded again: the same token, and the next page sends the calls that wait. Nobody hears what becomes of them. */
  reload(): void {
    this.reloads += 1
    for (const made of this.made) made.end ??= 'left'
    this.tab.stop()
    ;[this.tab, this.handle] = this.page()
  }

  close(): void {
    this.tab.stop()
  }

  private page(): [Tab, StateHandle] {
    const identity: Identity = {
      claim: async () => this.signed,
      keep: (token) => {
        if (this.signed !== undefined && token !== this.signed) this.faults.push('was given another token')
        this.signed = token
      },
      forget: () => this.faults.push('was told to forget its token'),
    }
    const wire = socketWire(this.url, {
      forceNew: true,
      transports: ['websocket'],
      reconnectionDelay: 50,
      reconnectionDelayMax: 200,
      extraHeaders: { cookie: cookieOf(this.browser) },
    })
    const storage = {
      read: () => this.stored,
      write: (text: string) => {
        this.stored = text
        return true
      },
      clear: () => {
        this.stored = undefined
      },
    }
    const tab = new Tab({ wire, identity, storage, report: (error) => this.noteReport(error) })
    const handle = new StateHandle(chaosState, tab.own)
    tab.mirror.subscribe(() => {
      if (tab === this.tab && shownOf(tab.mirror.getState()).revision > 0) this.look()
    })
    this.starting = false
    tab.start()
    return [tab, handle]
  }

  /** How calls of the page before ended, and that no server has answered for long: it is killed again and again. */
  private noteReport({ code, message }: HeldStateError): void {
    if (code === 'connection-lost') this.hasGivenUp = true
    else if (!['handler-failed', 'interrupted', 'offline'].includes(code)) this.faults.push(`${code}: ${message}`)
  }

  private get now(): Seen {
    return this.handle.snapshot(this.tab.mirror.getState()) as unknown as Seen
  }

  /** What was seen once was saved, so it is seen for ever. */
  private look(): void {
    const { marks, ticks, tick } = this.now
    const before = this.seen
    const last = before.marks.length - 1
    if (marks.length <= last || (last >= 0 && marks[last] !== before.marks[last]))
      this.faults.push(`saw ${before.marks.length} marks up to ${before.marks[last]}, and then ${marks.slice(-5)}`)
    if (ticks < before.ticks) this.faults.push(`saw ${before.ticks} ticks, and then ${ticks}`)
    this.seen = { marks, ticks }
    if (tick.running === 0 && !this.starting && this.live) this.startTask(tick)
  }

  private startTask(tick: Seen['tick']): void {
    this.starting = true
    if (tick.error?.code === 'interrupted') this.interrupted += 1
    const { tab } = this
    queueMicrotask(() =>
      tick.start(this.pace.tickMs).then(
        () => {
          if (tab === this.tab) this.starting = false
        },
        ({ code, message }: HeldStateError) => {
          if (tab !== this.tab) return
          this.starting = false
          if (code !== 'already-running') this.faults.push(`could not start its task: ${code} ${message}`) // by the page before
        },
      ),
    )
  }

  /** Resolves when it has ended, in whatever way. */
  call(event: ChaosEvent, more: readonly number[] = []): Promise<void> {
    const made: Made = { mark: this.made.length + 1, page: this.reloads, event, end: undefined }
    this.made.push(made)
    const args = [made.mark, ...(event === 'begin' ? [this.pace.jobSteps ?? 1] : more)]
    return this.tab.call(chaosState.id, event, args).then(
      () => {
        if (made.end === 'left') return
        made.end = 'done'
        const halves = event === 'twice' ? [made.mark, -made.mark] : [made.mark]
        const { marks } = this.now
        if (!halves.every((mark) => marks.includes(mark, -waitingAtMost * 3)))
          this.faults.push(`was told that ${event}(${made.mark}) is done before it saw it`)
      },
      ({ code }: HeldStateError) => {
        if (made.end !== 'left') made.end = code
      },
    )
  }

  /** What was wrong, once every call has settled and the store is read. */
  check(kept: Fields | undefined): readonly string[] {
    const marks = (kept?.marks ?? []) as readonly number[]
    const shown = this.now.marks
    if (String(shown) !== String(marks))
      this.faults.push(`shows ${shown.length} marks of ${marks.length} that are kept`)
    const times = new Map<number, number>()
    for (const mark of marks) times.set(mark, (times.get(mark) ?? 0) + 1)
    this.checkOrder(marks.filter((mark) => mark > 0))
    for (const made of this.made) this.checkCall(made, times.get(made.mark) ?? 0, times.get(-made.mark) ?? 0)
    this.checkJobs((kept?.jobs ?? {}) as Seen['jobs'], times)
    return this.faults.map((fault) => `${this.name} ${fault}`)
  }

  /** A page sends the calls of the one before it first. */
  private checkOrder(marks: readonly number[]): void {
    let newest = 0
    for (const mark of marks) {
      if (mark < newest) this.faults.push(`${mark} took effect after ${newest}`)
      newest = mark
    }
  }

  /** Each job that was begun has counted to its end, once, and no attempt has saved anything after a later one did. */
  private checkJobs(jobs: Seen['jobs'], times: ReadonlyMap<number, number>): void {
    const steps = this.pace.jobSteps ?? 1
    const begun = this.made.filter(({ event, mark }) => event === 'begin' && times.has(mark)).map(({ mark }) => mark)
    const known = Object.keys(jobs).map(Number)
    if (String(known) !== String(begun)) this.faults.push(`has begun the jobs ${begun}, and ${known} have run`)
    for (const [job, { at, finished, stretches }] of Object.entries(jobs)) {
      if (at !== steps || finished !== 1)
        this.faults.push(
          `job ${job} came to ${at} of ${steps}, and ${finished} times to its end: ${JSON.stringify([stretches, this.now.count])}`,
        )
      if (stretches.some(({ attempt }, index) => attempt <= (stretches[index - 1]?.attempt ?? 0)))
        this.faults.push(`job ${job} was run by ${JSON.stringify(stretches)}`)
    }
  }

  private checkCall(made: Made, first: number, second: number): void {
    if (isFair(made, first, second) || (this.hasGivenUp && made.end === 'left' && first + second === 0)) return
    const { mark, event, end = 'nothing' } = made
    this.faults.push(`${event}(${mark}) ended with ${end}, and left ${first} and ${second} marks`)
  }
}

/** Whether a call that ended so may have left so many of its marks. */
function isFair({ event, end }: Made, first: number, second: number): boolean {
  const whole = event === 'twice' ? 1 : 0
  switch (end) {
    case 'done':
      return first === 1 && second === whole
    case 'interrupted':
      return event === 'twice' && first === 1 && second === 0
    case 'handler-failed':
      return event === 'fails' && first + second === 0
    case 'left':
      return event === 'fails' ? first + second === 0 : first === 1 && second <= whole
    default:
      return false
  }
}
