/** The page's side of its connection to the state of one address: what it watches there, and the calls that it makes. */
import type { Clock } from '../base/clock.js'
import { copyValue } from '../base/copy.js'
import { decode, encode } from '../base/encode.js'
import { HeldStateError } from '../base/errors.js'
import { pageLimits } from '../base/limits.js'
import { ContinuedText } from '../protocol/continued-text.js'
import type { Settlement } from '../protocol/down.js'
import type { CallMessage } from '../protocol/written-up.js'
import { argumentsToSend } from './arguments.js'
import type { Calls } from './calls.js'
import type { Prediction } from './prediction.js'
import type { Request } from './request.js'
import type { CallOptions } from './tab-options.js'
import { WatchList } from './watch-list.js'

/** What a subscription asks of its page. */
export interface SubscriptionPage {
  /** The most states that it may watch. */
  readonly watchedStates: number
  /** Makes a call. Resolves when its effect is in the mirror. */
  request(request: Omit<Request, 'bytes'>): Promise<unknown>
  readonly calls: Pick<Calls, 'last' | 'rewrite'>
  readonly clock: Pick<Clock, 'after'>
  readonly report: (error: HeldStateError) => void
  /** Shows what is expected of calls. */
  showPredictions(): void
  /** Shows what is expected of calls of former pages, as far as that is known. */
  showRestored(subscription: ClientSubscription): void
  /** The page watches as many states as it may, and this one is not among them. */
  refuseWatch(subscription: ClientSubscription, id: string): void
  /** Tells subscribers of the mirror to look again: something that they show along with it has changed. */
  touch(): void
}

type Predict = Readonly<Record<string, (view: object, args: readonly unknown[]) => object>>

export class ClientSubscription {
  /** Rises with each that the page opens. */
  readonly number: number
  readonly address: string
  readonly watched = new WatchList()
  /** Those that have opened it, and have not closed it. With none, it is here for calls of former pages. */
  users = 0
  /** The hub has been asked for it over the present connection. */
  isAsked = false
  /** It was welcomed, or resumed, over the present connection. */
  isLive = false
  /** It was welcomed once. */
  isWelcomed = false
  /** The revision of the state when the page was first shown it; 0 before. No call was sent to it before. */
  began = 0
  /** The tab has another token than that of the state which is shown. */
  isReplaced = false
  /** The whole of it was asked for; until it comes, no delta can fit. */
  isResyncing = false
  private readonly expected = new Map<string, Predict>()
  /** Why the hub has closed it for good. */
  refusal: HeldStateError | undefined
  /** The text that grew last. */
  readonly continued = new ContinuedText()
  /** Calls that came with a delta that did not fit: their effect is in the mirror after the resync. */
  private unseen: Settlement[] = []
  /** By run that is waited for. */
  private readonly waits = new Map<string, Promise<unknown>>()
  private readonly page: SubscriptionPage

  constructor(page: SubscriptionPage, number: number, address: string) {
    this.page = page
    this.number = number
    this.address = address
  }

  /** Mirrors a state from now on; the position under which the mirror has it. */
  watch(id: string): number {
    const { page, watched } = this
    const known = watched.position(id)
    if (known >= 0 || watched.isRefused(id)) return known
    if (watched.ids.length >= page.watchedStates) {
      page.refuseWatch(this, id)
      return -1 // it has no view, so its first values are shown
    }
    const position = watched.add(id)
    if (this.isLive) this.watchMissing()
    return position
  }

  /** Asks for states that the hub has not been asked for over this connection. */
  watchMissing(): void {
    const { number, page, watched } = this
    for (const id of watched.missing())
      page
        .request({ subscription: number, message: ['watch', id, watched.position(id)], again: false })
        .catch((error: HeldStateError) => {
          if (error.code === 'too-many-states') page.refuseWatch(this, id)
          else if (error.code === 'inbox-full') this.watchLater(id)
          else if (error.code !== 'connection-lost') page.report(error) // the next hello asks for it again
        })
  }

  /** It, and those after it, are asked for again: the hub knows them by their positions. */
  private watchLater(id: string): void {
    this.watched.miss(id)
    this.page.clock.after(pageLimits.watchAgainMs, () => this.isLive && this.watchMissing())
  }

  /** What calls of a state are expected to make of its view, by event: calls of a former page are shown again. */
  expect(definition: string, predictions: Predict): void {
    this.expected.set(definition, predictions)
    this.page.showRestored(this)
  }

  /** What is shown of a call of a former page; `undefined` for one that is not optimistic, or whose state nobody watches here. */
  predictionOf(message: CallMessage): Omit<Prediction, 'call'> | undefined {
    if (message[0] !== 'call') return undefined
    const [, definition, member, args] = message
    const predict = this.expected.get(definition)?.[member]
    const position = this.watched.position(definition)
    if (!predict || position < 0) return undefined
    return { position, show: (view) => predict(view, args === undefined ? [] : (decode(args) as unknown[])) }
  }

  /** Runs an event or starts a task. Resolves with its reply when its effect is in the mirror; rejects with a `HeldStateError`. */
  call(
    definition: string,
    member: string,
    args: readonly unknown[],
    { live, predict }: CallOptions = {},
  ): Promise<unknown> {
    if (live && !this.isLive)
      return Promise.reject(
        new HeldStateError('offline', `This page is not connected, and event "${member}" is not queued while offline.`),
      )
    const given = argumentsToSend(definition, member, args)
    if (given instanceof HeldStateError) return Promise.reject(given)
    const show = predict && ((view: object) => predict(view, copyValue(given, []) as unknown[]))
    const called = this.page.request({
      subscription: this.number,
      message: given.length > 0 ? ['call', definition, member, encode(given)] : ['call', definition, member],
      again: true,
      prediction: show && { position: this.watch(definition), show },
    })
    if (show) this.page.showPredictions()
    return called
  }

  /** Cancels the run with this id, or every running copy of a task. Once it resolves, none writes anything more. */
  cancel(definition: string, task: string, run?: string): Promise<unknown> {
    return this.request(run === undefined ? ['cancel', definition, task] : ['cancel', definition, task, run])
  }

  /** Starts a task and waits for its run: both at once, since the run may finish soon. */
  async run(definition: string, task: string, args: readonly unknown[]): Promise<{ run: string; result: unknown }> {
    const { calls } = this.page
    const { last } = calls
    const started = this.call(definition, task, args)
    if (calls.last === last) throw await started.catch((error) => error) // it is refused, and not made
    const waiting = this.request(['wait', definition, task, calls.last])
    const waitId = calls.last
    waiting.catch(() => {}) // a start that fails says more
    const run = (await started) as string
    calls.rewrite(waitId, ['wait', definition, task, run]) // the hub forgets what the call has replied
    return { run, result: await waiting }
  }

  /** Waits until a run finishes, over any connection. Resolves with what it replied. */
  wait(definition: string, task: string, run: string): Promise<unknown> {
    const known = this.waits.get(run)
    if (known) return known
    const waiting = this.request(['wait', definition, task, run])
    const end = () => this.waits.delete(run)
    this.waits.set(run, waiting)
    waiting.then(end, end)
    return waiting
  }

  private request(message: CallMessage): Promise<unknown> {
    return this.page.request({ subscription: this.number, message, again: true })
  }

  touch(): void {
    this.page.touch()
  }

  /** These settle when the whole of it has come. */
  putOff(settled: readonly Settlement[]): void {
    this.unseen.push(...settled)
  }

  takeUnseen(): readonly Settlement[] {
    const { unseen } = this
    this.unseen = []
    return unseen
  }

  /** The connection is closed. */
  onClosed(): void {
    this.isAsked = false
    this.isLive = false
    this.isResyncing = false
    this.unseen = [] // their calls are sent again, and settle when their effect is visible
  }
}
