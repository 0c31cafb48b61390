/**
 * Forgets what a visitor has here, as for a logout: state is dropped, tasks are cancelled, connections are closed, and pages begin with new tokens. Who
 * asks for that has the token, or the cookie of the browser.
 */
import { createHash } from 'node:crypto'
import type { Clock } from '../base/clock.js'
import { HeldStateError } from '../base/errors.js'
import type { Eventually } from '../base/eventually.js'
import { processLimits } from '../base/server-limits.js'
import { unguarded } from '../instance/cancel-guard.js'
import type { Core } from '../instance/core.js'
import type { Eviction } from '../instance/eviction.js'
import { forgotten } from '../instance/forgotten-error.js'
import type { Instance } from '../instance/instance.js'
import { beginFromSaved } from '../instance/transact.js'
import type { Transaction } from '../instance/transaction.js'
import type { DuplicatedTabs } from '../session/duplicated-tabs.js'
import type { Subscription, SubscriptionSession } from '../session/subscription.js'
import type { TaskScheduler } from '../tasks/scheduler.js'
import { type CookieMarks, closeIfStale, readMarks, writeMarks } from './stale-cookies.js'

/** Whose connections are meant. */
export type Whose = { readonly token: string } | { readonly browser: string }

/** A browser as stores and other processes know it: its cookie is for nobody. */
export const hashOf = (browser: string): string => createHash('sha256').update(browser).digest('hex').slice(0, 32)

/** What it asks of the hub. */
export interface ForgottenTabsCore extends Core {
  readonly clock: Clock
  readonly instances: ReadonlyMap<string, Instance>
  readonly eviction: Pick<Eviction, 'gone'>
  readonly duplicatedTabs: Pick<DuplicatedTabs, 'forget'>
  readonly tasks: Pick<TaskScheduler, 'cancelToken'>
  tracked<T>(work: Eventually<T>): Eventually<T>
}

interface Mark {
  isDone: boolean
  cancelTimer(): void
}

export class ForgottenTabs {
  private readonly core: ForgottenTabsCore
  /** Tokens that were forgotten a short time ago: a call that still waited must not begin them again. */
  private readonly marks = new Map<string, Mark>()

  private readonly underWay = new Map<string, Promise<void>>()

  constructor(core: ForgottenTabsCore) {
    this.core = core
  }

  /** The token was forgotten here a short time ago. */
  has(token: string): boolean {
    return this.marks.has(token)
  }

  /** Throws if the token was forgotten. */
  check(token: string): void {
    if (this.marks.has(token)) throw forgotten()
  }

  /** Resolves when nothing of the token is left, in any process. Fine for one that has nothing, or was forgotten already. */
  forget(token: string): Promise<void> {
    if (this.marks.get(token)?.isDone) return Promise.resolve()
    const forgetting = this.underWay.get(token) ?? this.begin(token).finally(() => this.underWay.delete(token))
    this.underWay.set(token, forgetting)
    return forgetting
  }

  private async begin(token: string): Promise<void> {
    const { core } = this
    core.lockScope.refuseNested(token)
    const cancelled = core.tasks.cancelToken(token, cancelledByLogout())
    const instance = core.instance(token)
    const transaction = await this.open(instance)
    try {
      if (transaction) await this.drop(instance)
    } finally {
      transaction?.release()
    }
    this.closeSubscriptions(instance)
    await cancelled
  }

  /** Under its lock; `undefined` for one that was forgotten before, maybe by another process. */
  private async open(instance: Instance): Promise<Transaction | undefined> {
    try {
      return await beginFromSaved(this.core, instance.token, unguarded)
    } catch (error) {
      if (instance.forgotten) return undefined
      throw error
    }
  }

  /** Under the lock of the token. */
  private async drop(instance: Instance): Promise<void> {
    const { eviction, store } = this.core
    const { token, revision } = instance
    const mark = this.remember(token) // first: a call that comes while the store forgets must not begin it again
    try {
      if (revision > 0 && store.shared) await this.saveForgotten(instance)
      else if (revision > 0) await store.drop(token)
      mark.isDone = true
    } catch (error) {
      this.unmark(token)
      throw error
    }
    this.closeSubscriptions(instance)
    if (!store.shared) eviction.gone(instance)
  }

  /** Other processes may have pages of it, and hear of it by what is kept. The store forgets it in its time. */
  private async saveForgotten(instance: Instance): Promise<void> {
    const nothing = { state: {}, calls: [], running: [], ended: [], shapes: {} }
    const next = {
      ...nothing,
      revision: instance.revision + 1,
      birth: instance.birth,
      forgotten: true,
    }
    await this.core.store.save(instance.token, next)
    instance.accept(next, instance.calls)
    instance.forgotten = true
  }

  private remember(token: string): Mark {
    const { clock, limits } = this.core
    this.unmark(token)
    const mark = { isDone: false, cancelTimer: clock.after(limits.lockWaitMs, () => this.marks.delete(token)) } // no call waits longer
    this.marks.set(token, mark)
    const [oldest] = this.marks.keys()
    if (oldest !== undefined && this.marks.size > processLimits.endedTokens) this.unmark(oldest)
    return mark
  }

  private unmark(token: string): void {
    this.marks.get(token)?.cancelTimer()
    this.marks.delete(token)
  }

  /** Its pages here begin with new tokens. */
  closeSubscriptions(instance: Instance): void {
    this.core.duplicatedTabs.forget()
    for (const subscription of subscriptionsOf(instance))
      subscription.session.closeSubscription(subscription, forgotten())
  }

  /** Forgets all tabs of a browser, in all processes. */
  async forgetBrowser(browser: string): Promise<void> {
    this.core.lockScope.refuseNested()
    const hash = hashOf(browser)
    await Promise.all([this.core.store.shared?.broadcast(`end browser ${hash}`), this.forgetHash(hash, true)])
  }

  /** Those that are kept are forgotten by the process that was asked; the others forget what only they know. */
  private async forgetHash(hash: string, isAsked: boolean): Promise<void> {
    const { instances, store } = this.core
    const here = [...instances.values()].filter(({ browserHash, forgotten }) => browserHash === hash && !forgotten)
    const mine = here.filter(({ exists }) => isAsked || !exists).map(({ token }) => token)
    const kept = isAsked ? ((await store.ofBrowser?.(hash)) ?? []) : []
    await Promise.all([...new Set([...mine, ...kept])].map((token) => this.forget(token)))
  }

  /** Closes connections; their pages make new ones, with the cookies that they have now. */
  disconnect(whose: Whose): void {
    const [kind, name] = 'token' in whose ? ['token', whose.token] : ['browser', hashOf(whose.browser)]
    this.close(kind as 'token' | 'browser', name)
    this.core.store.shared?.broadcast(`close ${kind} ${name}`).catch((error) => {
      this.core.log.warn('Failed to ask other processes to close connections.', error)
    })
  }

  /** A request of a tab came with these cookies. Its connection may be at another process. */
  compare(token: string, marks: CookieMarks): void {
    const here = sessionsOf(this.core.instances.get(token))
    for (const session of here) closeIfStale(session, this.core.instance(token), marks)
    if (here.length === 0)
      void this.core.store.shared?.broadcast(`compare ${token} ${writeMarks(marks)}`).catch(() => {}) // the next request asks again
  }

  private close(kind: 'token' | 'browser', name: string): void {
    const { instances } = this.core
    const meant =
      kind === 'token'
        ? [instances.get(name)]
        : [...instances.values()].filter(({ browserHash }) => browserHash === name)
    for (const session of meant.flatMap(sessionsOf)) session.close()
  }

  /** Another process asks for it. A word of a newer version, which this one does not know, changes nothing. */
  onBroadcast(word: string): void {
    const { core } = this
    const [act, kind = '', name = ''] = word.split(' ')
    const failed = (error: unknown) => core.log.error('Failed to end the tabs of a browser.', error)
    if (act === 'compare') {
      const instance = core.instances.get(kind)
      if (instance) for (const session of sessionsOf(instance)) closeIfStale(session, instance, readMarks(name))
    } else if (act === 'end' && kind === 'browser') void core.tracked(this.forgetHash(name, false).catch(failed))
    else if (act === 'close' && (kind === 'token' || kind === 'browser')) this.close(kind, name)
  }
}

/** All that watch an instance are subscriptions. */
const subscriptionsOf = (instance: Instance | undefined) => [...(instance?.watchers ?? [])] as Subscription[]

/** The pages of the tab whose instance it is; others may watch it, too. */
const sessionsOf = (instance: Instance | undefined): SubscriptionSession[] =>
  subscriptionsOf(instance).flatMap(({ number, session }) => (number === 0 ? session : []))

const cancelledByLogout = () =>
  new HeldStateError('task-cancelled', 'The app ended the state of this tab, and this task with it.')
