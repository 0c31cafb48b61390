/**
 * Calls that outlive their page. What has not settled is kept in the storage of the tab; the next page takes it over, and sends it before its own
 * calls, under the names that the calls had: so each has its effect once, whatever became of the page that made it.
 */
import type { Clock } from '../base/clock.js'
import { HeldStateError } from '../base/errors.js'
import { pageLimits } from '../base/limits.js'
import type { CallStorage } from './call-storage.js'
import type { Calls } from './calls.js'
import type { Identity } from './identity.js'
import { type Kept, type KeptCall, readKept, type SentBefore, writeKept } from './kept-text.js'
import { type MirrorStore, shownOf } from './mirror.js'
import { isChange, type OpenCall } from './request.js'
import type { Subscriptions } from './subscriptions.js'

export interface KeptCallsParts {
  readonly storage: CallStorage
  readonly calls: Calls
  readonly subscriptions: Subscriptions
  readonly mirror: MirrorStore
  readonly clock: Pick<Clock, 'after'>
  /** The random id of the page. */
  readonly page: string
  report(error: HeldStateError): void
}

export class KeptCalls {
  /** Calls that wait and could not be kept: they are lost with their page. */
  private unkept = 0
  private readonly parts: KeptCallsParts
  /** Pages whose calls this one sends on, the oldest first. */
  private formers: ReadonlyMap<string, SentBefore> = new Map()
  /** Those of them that the hub was told of over this connection. */
  private named: readonly string[] = []
  /** What names the tab: its token without the signature. */
  private token: string | undefined
  private isStored = false
  /** What the page before has left, until it is known whether this one may take it over. */
  private before: Kept | undefined
  private isStopped = false
  private cancelSave: (() => void) | undefined

  /** Ids follow those of the page before, whether or not this one may take over its calls. */
  constructor(parts: KeptCallsParts) {
    this.parts = parts
    this.before = readKept(parts.storage.read())
    parts.calls.countFrom(this.before?.last ?? 0)
  }

  /** The page is shown again: what a page after it has left stays until this one takes it over. */
  onShownAgain(): void {
    this.before = readKept(this.parts.storage.read())
  }

  /** A tab without a token is known by its pages: what another page has left that still lives is not this tab's, which is a duplicate. */
  async dropForeign({ hold }: Pick<Identity, 'hold'>): Promise<void> {
    const { page, storage } = this.parts
    if (!hold) return
    void hold(page)
    const writer = [...(readKept(storage.read())?.pages.keys() ?? [])].at(-1)
    if (writer !== undefined && writer !== page && !(await hold(writer))) storage.clear()
  }

  /** Takes over the calls of the page before. They belong to the tab of a token, and a duplicated tab has another. */
  takeOver(signed: string | undefined): void {
    const { calls, page, report, storage, subscriptions } = this.parts
    this.token = signed?.split('.')[0]
    this.before = undefined
    const kept = readKept(storage.read())
    if (!kept || kept.token !== this.token) return this.save()
    this.isStored = true
    const waiting = new Set(kept.calls.map(({ former }) => former))
    const pages = [...kept.pages].filter(([former]) => former !== page && waiting.has(former))
    this.formers = new Map([...this.formers, ...pages].slice(-pageLimits.formerPages))
    calls.countFrom(kept.last)
    const known = kept.calls.filter(({ former }) => this.formers.has(former))
    if (kept.calls.some(({ former }) => former !== page && !this.formers.has(former))) report(tooLongAgo())
    const restored = known.flatMap(({ address, ...call }) => {
      const { number, refusal } = subscriptions.open(address)
      return refusal ? [] : { ...call, subscription: number } // which was reported
    })
    calls.restore(restored, report)
  }

  /** For a hello: the pages whose calls will be sent on. */
  greet(): readonly (readonly [page: string, ...SentBefore])[] {
    const waiting = new Set(this.parts.calls.all.map(({ former }) => former))
    const named = [...this.formers].filter(([page]) => waiting.has(page))
    this.named = named.map(([page]) => page)
    return named.map(([page, before]) => [page, ...this.sentOf(page, before)])
  }

  /** `before` is what the page had sent itself; this one may have sent it on. */
  private sentOf(page: string, [hasSent, began]: SentBefore): SentBefore {
    return [this.parts.calls.sentOf.has(page) ? 1 : hasSent, began]
  }

  /** The position of a former page in the hello of this connection. */
  positionOf(former: string): number {
    return this.named.indexOf(former)
  }

  /** The tab has this signed token now: what is kept is kept under its name. */
  rename(signed: string): void {
    const { token } = this
    this.token = signed.split('.')[0]
    if (token !== undefined && token !== this.token) this.parts.calls.loseFormer()
    if (this.isStored) this.save()
  }

  /** A call was made, or has settled. While the page is live, calls settle at once, and are kept only when it closes. */
  changed(isLive: boolean): void {
    if (!isLive || this.isStored) this.cancelSave ??= this.parts.clock.after(pageLimits.keepCallsMs, () => this.save())
  }

  /** The page has closed its connection for good: what it has kept is for the page after it. */
  stop(): void {
    this.save()
    this.isStopped = true
  }

  /** Keeps what has not settled, as far as there is room. */
  save(): void {
    const { calls, page, storage, subscriptions } = this.parts
    const { before } = this
    this.cancelSave?.()
    this.cancelSave = undefined
    if (this.isStopped) return
    const own = calls.all.filter(isChange)
    const left = before?.calls.filter(({ id }) => !own.some((call) => call.id === id)) ?? []
    const all = [...left, ...own.map((call) => this.kept(call))].sort((one, other) => one.id - other.id)
    if (all.length === 0) return this.forget()
    const sent = [...this.formers].map(([name, before]): [string, SentBefore] => [name, this.sentOf(name, before)])
    const { text, count } = writeKept({
      token: before ? before.token : this.token,
      last: Math.max(calls.last, before?.last ?? 0),
      pages: new Map([...(before?.pages ?? []), ...sent, [page, this.sentOf(page, [0, subscriptions.began])]]),
      calls: all,
    })
    this.isStored = storage.write(text)
    this.unkept = all.length - (this.isStored ? count : 0)
  }

  private kept({ id, former = this.parts.page, subscription, message }: OpenCall): KeptCall {
    const address = this.parts.subscriptions.get(subscription)?.address ?? ''
    return { id, former, address, birth: this.birthOf(subscription), message }
  }

  /** Changes wait for the connection, and there is no place in which to keep them beyond the end of the page. */
  get losesChanges(): boolean {
    return this.unkept > 0 && !this.parts.subscriptions.own.isLive
  }

  private birthOf(subscription: number): string | undefined {
    const { revision, birth } = shownOf(this.parts.mirror.getState(), subscription)
    return revision > 0 ? birth : undefined
  }

  private forget(): void {
    const { storage } = this.parts
    this.unkept = 0
    if (this.isStored || storage.read() !== undefined) storage.clear()
    this.isStored = false
  }
}

const tooLongAgo = () =>
  new HeldStateError(
    'connection-lost',
    `Changes made ${pageLimits.formerPages + 1} pages ago in this tab were never sent and are dropped. Check the state.`,
  )
