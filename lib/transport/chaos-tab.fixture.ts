/** A tab of the chaos test: it makes calls without end, and notes what became of each and what it saw. */
import { setTimeout } from 'node:timers/promises'
import { systemClock } from '../base/clock.js'
import type { HeldStateError } from '../base/errors.js'
import type { Identity } from '../client/identity.js'
import { Presence } from '../client/presence.js'
import { socketWire } from '../client/socket.js'
import { Tab } from '../client/tab.js'
import type { Fields } from '../store/store.js'
import type { Chance } from '../testing/chance.js'
import { type ChaosEvent, chaosState } from './chaos-state.fixture.js'

/** Calls that a tab lets wait; far from the bound "callsWhileOffline", which refuses. */
const waitingAtMost = 20

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
  readonly tick: { readonly running: number; readonly error: { readonly code: string } | null; start(): Promise<void> }
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
  private readonly browser = systemClock.id()
  private signed: string | undefined
  private tab: Tab
  private presence: Presence
  private seen: Pick<Seen, 'marks' | 'ticks'> = { marks: [], ticks: 0 }
  private starting = false
  private ended = false

  constructor(name: string, url: string, chance: Chance) {
    this.name = name
    this.url = url
    this.chance = chance
    ;[this.tab, this.presence] = this.page()
  }

  /** The token that names its state. */
  get token(): string {
    return this.signed?.split('.')[0] ?? ''
  }

  get waiting(): number {
    return this.made.filter(({ end }) => end === undefined).length
  }

  get live(): boolean {
    return this.tab.mirror.getState().status === 'live'
  }

  /** Makes calls until it is ended. */
  async run(): Promise<void> {
    while (!this.ended) {
      await setTimeout(5 + this.chance.below(60))
      for (let calls = this.chance.below(4); calls > 0 && this.waiting < waitingAtMost; calls -= 1) this.call()
    }
  }

  end(): void {
    this.ended = true
  }

  /** The page is loaded anew: the same token, and nobody hears any more what becomes of the calls that wait. */
  reload(): void {
    this.reloads += 1
    for (const made of this.made) made.end ??= 'left'
    this.tab.stop()
    ;[this.tab, this.presence] = this.page()
  }

  close(): void {
    this.tab.stop()
  }

  private page(): [Tab, Presence] {
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
      extraHeaders: { cookie: `heldstate=${this.browser}` },
    })
    const tab = new Tab({ wire, identity, report: ({ code, message }) => this.faults.push(`${code}: ${message}`) })
    const presence = new Presence(chaosState, tab)
    tab.mirror.subscribe(() => {
      if (tab === this.tab && tab.mirror.getState().revision > 0) this.look()
    })
    this.starting = false
    tab.start()
    return [tab, presence]
  }

  private get now(): Seen {
    return this.presence.of(this.tab.mirror.getState()) as unknown as Seen
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
      tick.start().then(
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

  private call(): void {
    const event = this.chance.pick(['quickly', 'quickly', 'quickly', 'slowly', 'twice', 'fails'] as const)
    const made: Made = { mark: this.made.length + 1, page: this.reloads, event, end: undefined }
    this.made.push(made)
    this.tab.call(chaosState.id, event, [made.mark]).then(
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
    return this.faults.map((fault) => `${this.name} ${fault}`)
  }

  /** What a page did last and the next page did first may cross. */
  private checkOrder(marks: readonly number[]): void {
    const newest = new Map<number | undefined, number>()
    for (const mark of marks) {
      const page = this.made[mark - 1]?.page
      const before = newest.get(page) ?? 0
      if (mark < before) this.faults.push(`${mark} took effect after ${before}`)
      newest.set(page, mark)
    }
  }

  private checkCall(made: Made, first: number, second: number): void {
    if (isFair(made, first, second)) return
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
      return first <= 1 && second <= first * whole
    default:
      return false
  }
}
