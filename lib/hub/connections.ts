/** The pages that are connected to this process. */
import type { HeldStateError } from '../base/errors.js'
import type { Instance } from '../instance/instance.js'
import { signToken, verifyToken } from '../instance/token.js'
import { type Hello, parseHello } from '../protocol/up.js'
import type { Connection } from '../session/connection.js'
import type { FlushScheduler } from '../session/flush-scheduler.js'
import { type EarlierSubscription, LatestSessions } from '../session/latest-sessions.js'
import type { NewTabs } from '../session/new-tabs.js'
import { Session, type SessionCore } from '../session/session.js'
import type { Subscription } from '../session/subscription.js'
import { hashOf } from './endings.js'
import type { HubOptions } from './options.js'
import type { RequestIdentity } from './request-identity.js'

/** What it asks of the hub. */
export interface ConnectionsCore extends SessionCore {
  readonly callers: RequestIdentity
  readonly endings: { check(token: string): void }
  readonly eviction: { cancel(instance: Instance): void }
  readonly newTabs: NewTabs
  readonly nodes: SessionCore['nodes'] & {
    /** The pages of a token are here, or not here any more. */
    attend(token: string, here: boolean): void
  }
  readonly options: Pick<HubOptions, 'onDuplicate'>
  readonly outbox: FlushScheduler
  readonly tasks: SessionCore['tasks'] & {
    readonly disconnects: { onPageBack(token: string): void; onLastPageLeft(token: string): void }
  }
  instance(token: string): Instance
  /** Throws where the hub takes no new work. */
  refuseClosing(): void
  /** Nothing of this process needs the instance as it did. */
  onUnlocked(instance: Instance): void
  /** A session could not be told of its state. */
  giveUp(session: Session, error: unknown): void
}

export class Connections {
  readonly sessions: Set<Session> = new Set()
  private readonly core: ConnectionsCore
  private readonly pages: LatestSessions<Subscription>

  constructor(core: ConnectionsCore) {
    this.core = core
    this.pages = new LatestSessions(core.clock, core.limits)
  }

  /** Opens a session for a page. `browser` is the value of the HttpOnly cookie that its token is bound to. */
  open(connection: Connection, greeting: unknown, browser: string): Session {
    const { core } = this
    const hello = parseHello(greeting, core.limits, core.registry.app)
    const { secrets } = core.callers
    const given = hello.token
    const token = given === undefined ? core.newTabs.token(connection) : verifyToken(given, browser, secrets)
    core.refuseClosing()
    core.endings.check(token)
    const instance = core.instance(token)
    instance.browser = browser
    instance.browserHash = hashOf(browser)
    instance.address = connection.address
    const earlier = this.arrive(instance, hello.page)
    const signed = signToken(token, browser, secrets[0])
    const session = new Session(core, { connection, page: hello.page, signed, outbox: core.outbox })
    const original = this.originalOf(hello, browser)
    this.pages.set(token, hello.page, session.subscribe({ instance, earlier, heard: hello.heard, original }))
    this.sessions.add(session)
    session.open(hello).catch((error) => core.giveUp(session, error))
    return session
  }

  /**
   * Lets a page watch the state of another token over the socket that it has. No message asks for this: that the page may must be certain. Resolves when the
   * page was sent what it watches.
   */
  async subscribe(session: Session, token: string, ids: readonly string[]): Promise<Subscription> {
    const { core } = this
    core.refuseClosing()
    core.endings.check(token)
    const instance = core.instance(token)
    const earlier = this.arrive(instance, session.page)
    const subscription = session.subscribe({ instance, earlier, heard: undefined, original: undefined })
    this.pages.set(token, session.page, subscription)
    await subscription.load(ids)
    if (session.phase !== 'closed') subscription.open()
    subscription.inbox.open()
    return subscription
  }

  /** The connection of a session has ended. */
  ended(session: Session): void {
    session.close()
    this.sessions.delete(session)
    for (const subscription of session.subscriptions) this.left(subscription)
  }

  /** Forgets what pages of a token, or of all, could go on from. */
  forget(token?: string): void {
    if (token === undefined) this.pages.end()
    else this.pages.drop(token)
  }

  /** Tells each page to come back, spread over so many milliseconds. */
  farewell(error: HeldStateError, spreadMs: number): void {
    for (const session of this.sessions) session.farewell(error, spreadMs)
  }

  /** A page of the token is here from now on; what it had before. */
  private arrive(instance: Instance, page: string): EarlierSubscription | undefined {
    const { eviction, nodes, tasks } = this.core
    const { token } = instance
    eviction.cancel(instance)
    tasks.disconnects.onPageBack(token)
    if (instance.watchers.size === 0) nodes.attend(token, true)
    return this.pages.of(token, page)
  }

  private left(subscription: Subscription): void {
    const { nodes, tasks } = this.core
    const { instance, page } = subscription
    const { token } = instance
    this.pages.left(token, page, subscription, instance.bytes)
    if (instance.watchers.size === 0) {
      nodes.attend(token, false)
      tasks.disconnects.onLastPageLeft(token)
    }
    this.core.onUnlocked(instance)
  }

  private originalOf(hello: Hello, browser: string): string | undefined {
    const { callers, options } = this.core
    return options.onDuplicate === 'fresh' ? undefined : callers.copiedBy(hello, browser)
  }
}
