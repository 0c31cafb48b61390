/** The hub of one process. It builds the parts; each declares what it needs of the hub in its own interface, `…Core`. */
import { type Clock, systemClock } from '../base/clock.js'
import type { HeldStateError } from '../base/errors.js'
import { after, type Eventually, promised } from '../base/eventually.js'
import { defaultLimits, type Limits } from '../base/limits.js'
import { consoleLog } from '../base/log.js'
import { SampledLog } from '../base/sampled-log.js'
import { processLimits } from '../base/server-limits.js'
import { inTab } from '../base/text.js'
import { Watchdog } from '../base/watchdog.js'
import type { Dispatched } from '../calls/call-order.js'
import { type Call, dispatch, type Next } from '../calls/dispatch.js'
import { startEach } from '../calls/triggers.js'
import { unguarded } from '../instance/cancel-guard.js'
import { reportFault, triggerFaults } from '../instance/error-reporting.js'
import { Eviction } from '../instance/eviction.js'
import { FirstValues } from '../instance/first-values.js'
import { closed, InFlightWork } from '../instance/in-flight.js'
import { Instance } from '../instance/instance.js'
import { loadOrFollow, materialize, refresh } from '../instance/loading.js'
import { LockScope } from '../instance/lock-scope.js'
import { development } from '../instance/lock-source.js'
import { Locks } from '../instance/locks.js'
import { markReturned } from '../instance/made-triggers.js'
import { grow } from '../instance/state-size.js'
import { noAuthor, takeOwnership, transact } from '../instance/transact.js'
import { Turn } from '../instance/turn.js'
import type { Connection } from '../session/connection.js'
import { DuplicatedTabs } from '../session/duplicated-tabs.js'
import { FairShare } from '../session/fair-share.js'
import { FlushScheduler } from '../session/flush-scheduler.js'
import { MemoryBounds } from '../session/memory-bounds.js'
import { NewTabs } from '../session/new-tabs.js'
import type { Session } from '../session/session.js'
import type { Definition, StateOf } from '../state/definition.js'
import { Registry } from '../state/registry.js'
import type { HeldToken } from '../state/self.js'
import { memoryStore } from '../store/memory.js'
import type { RunningTask, State, StateStore } from '../store/store.js'
import type { TaskRun } from '../tasks/run.js'
import { TaskScheduler } from '../tasks/scheduler.js'
import { Addresses } from './addresses.js'
import { Connections } from './connections.js'
import { ForgottenTabs, type Whose } from './forgotten-tabs.js'
import { Nodes } from './nodes.js'
import { type HubOptions, refuseUnknownOptions } from './options.js'
import { RequestIdentity } from './request-identity.js'
import { ServerAccess } from './server-access.js'

export class HubRuntime {
  readonly registry: Registry
  readonly limits: Limits
  readonly clock: Clock
  readonly store: StateStore
  readonly lockScope = new LockScope()
  readonly turn: Turn
  readonly watchdog: Watchdog
  readonly locks: Locks
  readonly log: SampledLog
  readonly prepare: () => Eventually<void>
  readonly callers: RequestIdentity
  readonly options: HubOptions
  readonly outbox: FlushScheduler
  readonly tasks: TaskScheduler
  readonly nodes: Nodes
  readonly eviction: Eviction
  readonly instances: Map<string, Instance> = new Map<string, Instance>()
  readonly memory: MemoryBounds
  readonly fairShare: FairShare
  readonly firstValues: FirstValues
  readonly newTabs: NewTabs
  readonly duplicatedTabs: DuplicatedTabs = new DuplicatedTabs(this)
  readonly addresses: Addresses = new Addresses()
  readonly forgottenTabs: ForgottenTabs = new ForgottenTabs(this)
  readonly access: ServerAccess = new ServerAccess(this)
  readonly connections: Connections
  private readonly working = new InFlightWork()
  private closing: Promise<void> | undefined

  constructor(options: HubOptions = {}) {
    refuseUnknownOptions(options)
    this.registry = options.registry ?? new Registry()
    this.limits = { ...defaultLimits, ...given(options.limits) }
    this.memory = new MemoryBounds(options.heapBytes)
    this.clock = options.clock ?? systemClock
    this.store = options.store ?? memoryStore()
    this.log = new SampledLog(options.log ?? consoleLog, this.clock)
    this.turn = new Turn(this.clock)
    this.watchdog = new Watchdog(this.clock, this.log)
    this.prepare = options.prepare ?? (() => {})
    this.callers = new RequestIdentity(options.secret)
    this.options = options
    this.firstValues = new FirstValues(this.clock, this.callers.secrets[0])
    this.newTabs = new NewTabs(this.clock, this.limits)
    this.fairShare = new FairShare(this.clock)
    this.locks = new Locks(this.clock, this.limits, this.log)
    this.registry.onReplace((edited) => {
      for (const session of this.sessions) session.redefined()
      this.lockScope.outside(() => void this.tracked(this.tasks.pool.restart(edited)))
    })
    this.outbox = new FlushScheduler(this.clock, this.limits.frameMs, this)
    this.eviction = new Eviction(this, this.memory.states)
    this.nodes = new Nodes(this)
    this.tasks = new TaskScheduler(this)
    this.connections = new Connections(this)
    if (development) this.lockScope.begin()
  }

  /** The background tasks that run now, of all tabs. An entry leaves when its task has settled. */
  get backgroundTasks(): ReadonlySet<TaskRun> {
    return this.tasks.pool.runs
  }

  /**
   * Changes one state of one token from anywhere on the server: `change` runs under the lock, and what it changed is kept
   * if it returns and forgotten if it throws. Resolves with what it returned once the change is saved.
   */
  modifyState<D extends Definition, T>(
    token: string,
    definition: D,
    change: (state: StateOf<D>, held: HeldToken) => T | Promise<T>,
  ): Promise<T> {
    return this.access.modify(token, definition, change, 'named')
  }

  /**
   * Waits for the lock of `token` and holds it to the end of the block: `await using held = await hub.lock(token)`.
   * A block cannot tell that it was left by a throw: call `held.rollback()` in a `catch`, or use `modifyState`.
   */
  lock(token: string): Promise<HeldToken> {
    return this.access.lock(token)
  }

  /**
   * Whether there is a tab with this token: a page of it is connected, to any process, or something of it is kept or known. False for one that
   * never existed, and for one that was forgotten or dropped since.
   */
  has(token: string): Promise<boolean> {
    return this.access.has(token)
  }

  /** Closes the connections of a tab or a browser, in all processes. Their pages connect again, with the cookies that they have now. */
  disconnect(whose: Whose): void {
    this.forgottenTabs.disconnect(whose)
  }

  /** Opens a session for a page. `browser` is the value of the HttpOnly cookie that its token is bound to. */
  connect(connection: Connection, greeting: unknown, browser: string): Session {
    return this.connections.open(connection, greeting, browser)
  }

  /** The connection of a session is closed. */
  disconnected(session: Session): void {
    this.connections.disconnected(session)
  }

  /** Takes no new work, cancels tasks, lets events finish, says farewell to tabs and closes the store. */
  close(): Promise<void> {
    if (!this.closing) this.tasks.saver.saveFinished()
    this.closing ??= Promise.resolve().then(() => this.shutDown()) // known before tasks are cancelled: they are saved as running on
    return this.closing
  }

  instance(token: string): Instance {
    const known = this.instances.get(token)
    if (known) return known
    const instance = new Instance(token, this)
    this.instances.set(token, instance)
    this.eviction.grew(instance.bytes)
    return instance
  }

  /** The pages that are connected. */
  get sessions(): ReadonlySet<Session> {
    return this.connections.sessions
  }

  refuseClosing(): void {
    if (this.closing) throw closed()
  }

  get isClosing(): boolean {
    return this.closing !== undefined
  }

  /**
   * Reaches the store, and takes over the tasks that processes before this one have left. To be called when the app can be
   * asked for its definitions; fails if the store cannot be used.
   */
  async resume(): Promise<void> {
    await this.store.open?.()
    void this.tracked(this.tasks.adoptions.adoptAll())
  }

  /** Resolves when the definitions are loaded. */
  ready(): Promise<void> {
    return promised(() => this.prepare())
  }

  /** Dispatches a call of a tab. */
  call(call: Call): Eventually<Dispatched> {
    this.refuseClosing()
    return after(this.prepare(), () => dispatch(this, call))
  }

  /** Loads the instance, or follows its token where other processes may own it. */
  load(instance: Instance): Eventually<void> {
    return loadOrFollow(this, instance)
  }

  /** Reads the stored state again. */
  refresh(instance: Instance): Eventually<void> {
    return refresh(this, instance)
  }

  /** Makes this process the owner of the token, and changes nothing. */
  takeOwnership(instance: Instance): Eventually<void> {
    return takeOwnership(this, instance)
  }

  materialize(instance: Instance, id: string): Eventually<void> {
    return after(this.prepare(), () => materialize(this, instance, id))
  }

  /** Starts triggers in order. Nobody waits for them, so a failure is logged. */
  start(token: string, next: readonly Next[]): void {
    markReturned(next)
    if (next.length > 0)
      this.lockScope.outside(() => void this.tracked(this.turn.step(() => startEach(this, token, next))))
  }

  report(token: string, error: unknown): void {
    if (reportFault(this.log, error, triggerFaults, token)) this.instance(token).watchers.showInDevelopment(error)
  }

  /** Another process has taken over the state: its page comes back, here or there, and what runs here is cancelled. */
  onOwnershipLost({ token, watchers }: Instance, reason: HeldStateError): void {
    for (const watcher of watchers) watcher.closeConnection()
    this.lockScope.outside(() => void this.tracked(this.tasks.pool.cancelToken(token, reason)))
  }

  onReloaded(instance: Instance, lost: readonly RunningTask[]): void {
    if (instance.forgotten) this.forgottenTabs.closeSubscriptions(instance)
    this.tasks.stopLost(instance.token, lost)
    if (instance.runs.orphaned.length > 0) this.tasks.adoptions.add(instance.token)
  }

  grow(instance: Instance, bytes: number, staged: State): void {
    this.eviction.refuseCrowded(instance, bytes)
    this.eviction.grew(grow(instance, bytes, staged, this.limits.stateBytes))
  }

  saveEnds({ token }: Instance): Eventually<void> {
    return transact(this, token, unguarded, noAuthor, (transaction) => transaction.mustSaveNext())
  }

  forget(token: string): void {
    this.connections.forget(token)
    this.locks.forget(token)
    this.instances.delete(token)
  }

  onLessUsed(instance: Instance): void {
    if (!this.closing) this.eviction.schedule(instance)
  }

  failSession(session: Session, error: unknown): void {
    const tab = inTab(session.own.instance.token)
    this.log.error(`Failed to send state ${tab}; closing the connection (it will reconnect).`, error)
    session.close()
  }

  /** Work that `close` waits for. */
  tracked<T>(work: Eventually<T>): Eventually<T> {
    return this.working.track(work)
  }

  private async shutDown(): Promise<void> {
    this.tasks.stop()
    void this.tracked(this.tasks.pool.cancelAll(closed())) // their last saves may take as long as the store does
    await this.working.drained(this.clock, this.limits.shutdownTimeoutMs, this.log)
    this.outbox.flush()
    this.outbox.flushFrame()
    const spreadMs = Math.ceil((this.sessions.size / processLimits.returnsPerSecond) * 1000)
    this.connections.farewell(closed(), spreadMs)
    this.eviction.close(this.instances.values())
    this.connections.forget()
    this.duplicatedTabs.forget()
    this.nodes.close()
    await this.store.close()
    this.lockScope.close()
    await this.watchdog.close()
    this.log.close()
  }
}

/** An `undefined` is no limit: the default stands. */
const given = (limits: Partial<Limits> = {}): Partial<Limits> =>
  Object.fromEntries(Object.entries(limits).filter(([, limit]) => limit !== undefined))
