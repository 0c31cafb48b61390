/**
 * The hub: every instance of state in this process, the tabs that watch them, and the tasks that run. It owns the parts
 * and hands each the few others it needs; what happens to a change is in `transaction`.
 */
import { randomBytes } from 'node:crypto'
import { type Clock, systemClock } from '../base/clock.js'
import { type ErrorCode, HeldStateError, isHeldStateError } from '../base/errors.js'
import { after, always, type Eventually, isPromise, promised, rescued } from '../base/eventually.js'
import { defaultLimits, type Limits } from '../base/limits.js'
import { consoleLog, type Log } from '../base/log.js'
import { parseHello } from '../protocol/up.js'
import type { Definition, StateOf } from '../state/definition.js'
import { Registry } from '../state/registry.js'
import type { HeldToken } from '../state/self.js'
import type { Trigger } from '../state/trigger.js'
import { memoryStore } from '../store/memory.js'
import type { State, StateStore } from '../store/store.js'
import { granted, type Permit } from '../tasks/permit.js'
import { TaskPool, type TaskStart } from '../tasks/pool.js'
import type { TaskRun } from '../tasks/run.js'
import type { Access } from '../tasks/self.js'
import type { Connection } from './connection.js'
import { type Call, dispatch, prepare } from './dispatch.js'
import { type Author, Flow } from './flow.js'
import { heldBlock, heldInside } from './held.js'
import { Instance } from './instance.js'
import { Locks, type Release } from './locks.js'
import { Outbox, type Sender } from './outbox.js'
import { Session } from './session.js'
import { refuseMalformed, signToken, verifyToken } from './token.js'
import { begin, type Transaction, transact } from './transaction.js'

export interface HubOptions {
  /** Where committed state lives. Default: in memory. */
  readonly store?: StateStore
  readonly registry?: Registry
  /** Awaited before a call is dispatched and before a state is opened: the moment to load or refresh definitions. */
  readonly prepare?: () => Promise<void> | void
  /** Signs the tokens of tabs. Default: one of this process, so that tabs start anew after a restart. */
  readonly secret?: string
  readonly limits?: Partial<Limits>
  readonly log?: Log
  readonly clock?: Clock
}

/** A running background task, as `hub.backgroundTasks` lists it. */
export type BackgroundTask = Pick<TaskRun, 'id' | 'token' | 'definition' | 'task' | 'settled'>

/** Failures that their caller can mend; every other one is a fault of the app and is logged. */
const callerFaults = new Set<ErrorCode>([
  'already-running',
  'hub-closed',
  'inbox-full',
  'invalid-arguments',
  'task-cancelled',
  'too-many-tasks',
  'unknown-definition',
  'unknown-member',
])

/** Failures of a trigger that are no fault: the app itself is its caller, and nobody else would hear of the others. */
const triggerFaults = new Set<ErrorCode>(['already-running', 'hub-closed', 'task-cancelled'])

export class Hub {
  readonly registry: Registry
  readonly limits: Limits
  readonly clock: Clock
  readonly store: StateStore
  readonly flow = new Flow()
  readonly locks: Locks
  private readonly log: Log
  private readonly prepare: () => Eventually<void>
  private readonly secret: string
  private readonly outbox: Outbox
  private readonly pool: TaskPool
  private readonly instances = new Map<string, Instance>()
  private readonly sessions = new Set<Session>()
  private readonly working = new Set<Promise<unknown>>()
  private closing: Promise<void> | undefined

  constructor(options: HubOptions = {}) {
    this.registry = options.registry ?? new Registry()
    this.limits = { ...defaultLimits, ...options.limits }
    this.clock = options.clock ?? systemClock
    this.store = options.store ?? memoryStore()
    this.log = options.log ?? consoleLog
    this.prepare = options.prepare ?? (() => {})
    this.secret = options.secret ?? randomBytes(32).toString('hex')
    this.locks = new Locks(this.clock, this.limits)
    this.registry.onReplace(() => {
      for (const session of this.sessions) session.redefined()
    })
    this.outbox = new Outbox(this.clock, this.limits.frameMs, (session, error) => this.giveUp(session, error))
    this.pool = new TaskPool({
      clock: this.clock,
      limits: this.limits,
      log: this.log,
      access: (token) => this.access(token),
      start: (token, triggers) => this.start(token, triggers),
      statusOf: (token, definition, task) => this.instance(token).statusOf(definition, task),
      setStatus: (token, definition, task, status) => this.instance(token).setStatus(definition, task, status),
      idle: (token) => this.keep(this.instance(token)),
    })
  }

  /** The background tasks that run now, of all tabs. An entry leaves when its task has settled. */
  get backgroundTasks(): ReadonlySet<BackgroundTask> {
    return this.pool.runs
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
    return promised(() => {
      this.refuseUnusable(token)
      return this.tracked(
        after(this.prepare(), () =>
          this.exclusive(token, change, (transaction) =>
            change(transaction.get(definition.id) as StateOf<D>, heldInside(transaction)),
          ),
        ),
      )
    })
  }

  /**
   * Waits for the lock of `token` and holds it to the end of the block: `await using held = await hub.lock(token)`.
   * A block cannot tell that it was left by a throw: call `held.rollback()` in a `catch`, or use `modifyState`.
   */
  lock(token: string): Promise<HeldToken> {
    return promised(() => {
      this.refuseUnusable(token)
      return after(this.block(token, granted), (transaction) => heldBlock(transaction, this.flow))
    })
  }

  /** Opens a session for a tab. `browser` is the value of the HttpOnly cookie that its token is bound to. */
  connect(connection: Connection, hello: unknown, browser: string): Session {
    const { watch, version, token: signed } = parseHello(hello, this.limits)
    const token = signed === undefined ? this.clock.id() : verifyToken(signed, browser, this.secret)
    if (this.closing) throw closed()
    const instance = this.instance(token)
    instance.cancelDrop?.()
    instance.cancelDrop = undefined
    const session = new Session(this, instance, connection, this.outbox)
    this.sessions.add(session)
    session
      .open({ watch, version, token: signed }, signToken(token, browser, this.secret))
      .catch((error) => this.giveUp(session, error))
    return session
  }

  /** The connection of a session has ended. */
  disconnected(session: Session): void {
    session.close()
    this.sessions.delete(session)
    this.keep(session.instance)
  }

  /** Takes no new work, ends tasks, lets events finish, says farewell to tabs and closes the store. */
  close(): Promise<void> {
    this.closing ??= this.shutDown()
    return this.closing
  }

  instance(token: string): Instance {
    const known = this.instances.get(token)
    if (known) return known
    const instance = new Instance(token, this.log)
    this.instances.set(token, instance)
    return instance
  }

  /** Resolves when the definitions are loaded. */
  ready(): Promise<void> {
    return promised(() => this.prepare())
  }

  /** Dispatches a call of a tab. */
  call(call: Call): Eventually<void> {
    if (this.closing) throw closed()
    return rescued(
      () => after(this.prepare(), () => dispatch(this, call)),
      (error) => {
        this.report(error)
        throw error
      },
    )
  }

  async cancel(token: string, definition: string, task: string): Promise<void> {
    const { members } = this.registry.get(definition)
    if (!members.tasks.has(task))
      throw new HeldStateError('unknown-member', `State "${definition}" has no task "${task}" that could be cancelled.`)
    const reason = new HeldStateError('task-cancelled', `Task "${task}" was cancelled.`)
    await this.pool.cancel((run) => run.token === token && run.definition === definition && run.task === task, reason)
  }

  materialize(instance: Instance, id: string): Eventually<void> {
    return after(this.prepare(), () => {
      const { members } = this.registry.get(id)
      if (instance.loaded && members.isComplete(instance.state[id] ?? {})) return
      return after(
        transact(this, instance.token, granted, nobody, (transaction) => transaction.get(id)),
        () => {},
      )
    })
  }

  startTask(start: TaskStart): void {
    if (this.closing) throw closed()
    this.flow.outside(() => this.pool.start(start))
  }

  /** Starts triggers in order. Nobody waits for them, so a failure is logged. */
  start(token: string, triggers: readonly Trigger[]): void {
    if (triggers.length > 0) this.flow.outside(() => void this.tracked(this.startEach(token, triggers)))
  }

  /** A trigger starts when the one before it has: its arguments may have to be waited for. */
  private startEach(token: string, triggers: readonly Trigger[]): Eventually<void> {
    const report = (error: unknown) => this.report(error, triggerFaults)
    for (const [index, trigger] of triggers.entries()) {
      const started = rescued(
        () => after(prepare(this, { ...trigger, token }), (run) => void this.tracked(rescued(run, report))),
        report,
      )
      if (isPromise(started)) return started.then(() => this.startEach(token, triggers.slice(index + 1)))
    }
  }

  private access(token: string): Access {
    return {
      clock: this.clock,
      snapshot: (state, id) => this.snapshot(token, state, id),
      update: (permit, author, work) => this.exclusive(token, author, work, permit),
      lock: (permit) => promised(() => this.block(token, permit)),
      mark: (transaction) => this.flow.mark(transaction as Transaction),
    }
  }

  /** Takes the lock for a block. Its flow is marked when the block is first touched, and must be followed until then. */
  private block(token: string, permit: Permit): Eventually<Transaction> {
    this.flow.refuseNested(token)
    this.flow.begin()
    return begin(this, token, permit)
  }

  /** One transaction that runs a function of the author's. */
  private exclusive<T>(
    token: string,
    author: Author,
    work: (transaction: Transaction) => Eventually<T>,
    permit = granted,
  ): Eventually<T> {
    this.flow.refuseNested(token)
    return transact(this, token, permit, author, work)
  }

  private snapshot(token: string, state: State | undefined, id: string): object {
    const definition = this.registry.get(id)
    const instance = this.instance(token)
    const fields = (state ?? instance.state)[id] ?? definition.members.initial()
    return { ...fields, ...instance.computed(definition).evaluate(fields) }
  }

  released(instance: Instance): void {
    this.keep(instance)
  }

  /** Lets an instance go after `keepMs` without a tab and without a task. */
  private keep(instance: Instance): void {
    if (this.closing || instance.cancelDrop || !this.unused(instance)) return
    instance.cancelDrop = this.clock.after(this.limits.keepMs, () => {
      instance.cancelDrop = undefined
      if (this.unused(instance)) void this.drop(instance)
    })
  }

  private unused(instance: Instance): boolean {
    return instance.watchers.size === 0 && this.pool.of(instance.token).size === 0
  }

  private async drop(instance: Instance): Promise<void> {
    const { token } = instance
    let release: Release | undefined
    try {
      release = await this.locks.acquire(token)
      if (!this.unused(instance)) return
      this.instances.delete(token) // first: who comes while the store forgets gets a new one, and waits for the lock
      await this.store.drop(token)
    } catch (error) {
      this.log.error('The state of an unused tab could not be dropped from the store.', error)
    } finally {
      release?.()
    }
  }

  private giveUp(session: Sender, error: unknown): void {
    this.log.error('A tab could not be told of its state, so its connection is closed; it connects again.', error)
    session.close()
  }

  private refuseUnusable(token: string): void {
    if (this.closing) throw closed()
    refuseMalformed(token)
  }

  /** Work that `close` waits for. */
  tracked<T>(work: Eventually<T>): Eventually<T> {
    if (!isPromise(work)) return work
    this.working.add(work)
    return always(
      () => work,
      () => void this.working.delete(work),
    )
  }

  private report(error: unknown, expected = callerFaults): void {
    if (!isHeldStateError(error)) this.log.error('An event or task could not be run.', error)
    else if (!expected.has(error.code)) this.log.error(error.message, error.cause)
  }

  private async shutDown(): Promise<void> {
    await this.pool.cancel(() => true, closed())
    while (this.working.size > 0) await Promise.allSettled([...this.working])
    this.outbox.flush()
    this.outbox.flushFrame()
    for (const session of this.sessions) session.farewell(closed())
    for (const instance of this.instances.values()) instance.cancelDrop?.()
    await this.store.close()
  }
}

export function createHub(options?: HubOptions): Hub {
  return new Hub(options)
}

/** Stands where no function of the author's runs. */
const nobody = () => {}

const closed = () =>
  new HeldStateError('hub-closed', 'The server is shutting down. The page reconnects when it is back.')
