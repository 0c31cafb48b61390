/** The pages that are connected to this process. */
import { HeldStateError } from '../base/errors.js'
import { pageLimits } from '../base/limits.js'
import type { Core } from '../instance/core.js'
import type { Instance } from '../instance/instance.js'
import { signToken, verifyToken } from '../instance/token.js'
import { tooManySubscriptions } from '../protocol/bounds.js'
import { type Hello, parseHello } from '../protocol/hello.js'
import type { Opening } from '../protocol/opening.js'
import { helloOf3, isVersion3, upOf3 } from '../protocol/version-3.js'
import type { Connection } from '../session/connection.js'
import { EarlierSubscriptions } from '../session/earlier-subscriptions.js'
import type { FlushScheduler } from '../session/flush-scheduler.js'
import type { NewTabs } from '../session/new-tabs.js'
import { OlderConnection, reloadOlder } from '../session/older-connection.js'
import { Sequence } from '../session/sequence.js'
import { Session, type SessionCore } from '../session/session.js'
import type { Subscription, SubscriptionParts } from '../session/subscription.js'
import type { Addresses } from './addresses.js'
import { hashOf } from './forgotten-tabs.js'
import type { HubOptions } from './options.js'
import type { RequestIdentity } from './request-identity.js'

/** What it asks of the hub. */
export interface ConnectionsCore extends SessionCore, Pick<Core, 'onLessUsed'> {
  readonly addresses: Addresses
  readonly callers: RequestIdentity
  readonly forgottenTabs: { check(token: string): void }
  readonly eviction: { cancel(instance: Instance): void }
  readonly newTabs: NewTabs
  readonly nodes: SessionCore['nodes'] & {
    /** The pages of a token are here, or not here any more. */
    setPresent(token: string, here: boolean): void
  }
  readonly options: Pick<HubOptions, 'onDuplicate'>
  readonly outbox: FlushScheduler
  readonly tasks: SessionCore['tasks'] & {
    readonly disconnects: { onPageBack(token: string): void; onLastPageLeft(token: string): void }
  }
  instance(token: string): Instance
  /** Throws where the hub takes no new work. */
  refuseClosing(): void
  /** A session could not be told of its state. */
  failSession(session: Session, error: unknown): void
}

/** What a page that has come finds of itself. */
type Arrived = Pick<SubscriptionParts, 'instance' | 'earlier' | 'busy'>

export class Connections {
  readonly sessions: Set<Session> = new Set()
  private readonly core: ConnectionsCore
  private readonly earlier: EarlierSubscriptions<Subscription>

  constructor(core: ConnectionsCore) {
    this.core = core
    this.earlier = new EarlierSubscriptions(core.clock, core.limits)
  }

  /** Opens a session for a page. `browser` is the value of the HttpOnly cookie that its token is bound to. */
  open(connection: Connection, greeting: unknown, browser: string): Session {
    const { core } = this
    const isOlder = isVersion3(greeting)
    const hello = parseHello(isOlder ? helloOf3(greeting) : greeting, core.limits, core.registry.app)
    const { secrets } = core.callers
    const given = hello.token
    const token = given === undefined ? core.newTabs.token(connection) : verifyToken(given, browser, secrets)
    core.refuseClosing()
    core.forgottenTabs.check(token)
    const instance = core.instance(token)
    instance.browser = browser
    instance.browserHash = hashOf(browser)
    instance.address = connection.address
    const arrived = this.arrive(instance, hello)
    const session: Session = new Session(core, {
      pageId: hello.page,
      lastSeq: hello.lastSeq,
      sent: hello.sent,
      formers: hello.formers,
      connection: isOlder ? new OlderConnection(connection) : connection,
      ...(isOlder && { translate: upOf3 }),
      signed: signToken(token, browser, secrets[0]),
      outbox: core.outbox,
      sequence: arrived.earlier?.history.sequence ?? new Sequence(Number.parseInt(core.clock.id().slice(0, 10), 16)),
      connections: this,
    })
    this.add(session, { ...arrived, opening: hello.subscriptions[0], original: this.originalOf(hello, browser) })
    this.sessions.add(session)
    session.open(hello).catch((error) => core.failSession(session, error))
    if (isOlder) reloadOlder(session, core.clock)
    return session
  }

  /** Lets a page watch the state of a further address, over the socket that it has. */
  subscribe(session: Session, opening: Opening): Subscription {
    const { core } = this
    const { own, subscriptions } = session
    core.refuseClosing()
    if (subscriptions.length >= pageLimits.subscriptions) throw tooManySubscriptions()
    const token = core.addresses.tokenOf(opening.address, own.instance.token)
    if (subscriptions.some(({ instance }) => instance.token === token))
      throw new HeldStateError(
        'invalid-message',
        `This page already watches the address ${JSON.stringify(opening.address)}.`,
      )
    core.forgottenTabs.check(token)
    const arrived = this.arrive(core.instance(token), { page: session.pageId, formers: session.formers })
    return this.add(session, { ...arrived, opening, original: undefined })
  }

  private add(session: Session, parts: SubscriptionParts): Subscription {
    const subscription = session.add(parts)
    this.earlier.set(parts.instance.token, session.pageId, subscription)
    return subscription
  }

  /** The connection of a session is closed. */
  disconnected(session: Session): void {
    session.close()
    this.sessions.delete(session)
    for (const subscription of session.subscriptions) this.left(subscription)
  }

  /** Forgets what pages of a token, or of all, could go on from. */
  forget(token?: string): void {
    if (token === undefined) this.earlier.clear()
    else this.earlier.drop(token)
  }

  /** Tells each page to come back, spread over so many milliseconds. */
  farewell(error: HeldStateError, spreadMs: number): void {
    for (const session of this.sessions) session.farewell(error, spreadMs)
  }

  /** A page of the token is here from now on; what it, and those before it in its tab, had before. */
  private arrive(instance: Instance, { page, formers }: Pick<Hello, 'page' | 'formers'>): Arrived {
    const { eviction, nodes, tasks } = this.core
    const { token } = instance
    eviction.cancel(instance)
    tasks.disconnects.onPageBack(token)
    if (instance.watchers.size === 0) nodes.setPresent(token, true)
    const earlier = this.earlier.of(token, page)
    const gone = formers.map((former) => this.earlier.of(token, former.page))
    for (const former of gone) former?.closeConnection?.()
    const busy = [earlier, ...gone].map((each) => each?.busy).filter((each) => each !== undefined)
    return { instance, earlier, busy: busy.length > 1 ? Promise.all(busy).then(() => {}) : busy[0] }
  }

  /** A subscription is closed: its page does not need the instance for it. */
  left(subscription: Subscription): void {
    const { nodes, tasks } = this.core
    const { instance, pageId } = subscription
    const { token } = instance
    this.earlier.left(token, pageId, subscription, instance.bytes)
    if (instance.watchers.size === 0) {
      nodes.setPresent(token, false)
      tasks.disconnects.onLastPageLeft(token)
    }
    this.core.onLessUsed(instance)
  }

  private originalOf(hello: Hello, browser: string): string | undefined {
    const { callers, options } = this.core
    return options.onDuplicate === 'fresh' ? undefined : callers.copiedBy(hello, browser)
  }
}
