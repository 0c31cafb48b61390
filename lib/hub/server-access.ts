/** The state of a token as server code reaches it from outside of handlers and tasks: `modifyState`, `hub.lock` and `hub.has`. */
import { HeldStateError, isHeldStateError } from '../base/errors.js'
import { after, type Eventually, promised, rescued } from '../base/eventually.js'
import { unguarded } from '../instance/cancel-guard.js'
import type { Eviction } from '../instance/eviction.js'
import { HandlerContext } from '../instance/handler-context.js'
import { closed } from '../instance/in-flight.js'
import type { Instance } from '../instance/instance.js'
import { LoadError } from '../instance/load-error.js'
import { heldBlock } from '../instance/lock-block.js'
import { type LockedWorkCore, openBlock, runLocked } from '../instance/locked-work.js'
import { isUpToDate } from '../instance/ownership.js'
import { isToken, refuseMalformed } from '../instance/token.js'
import type { Transaction } from '../instance/transaction.js'
import { lineHere, UsingWatch } from '../instance/using-watch.js'
import type { Definition, StateOf } from '../state/definition.js'
import type { HeldToken } from '../state/self.js'

/** Whether the token was named by code, which may be wrong, or by the request of the tab itself, which proves that there is one. */
export type Naming = 'named' | 'calling'

/** What it asks of the hub. */
export interface ServerAccessCore extends LockedWorkCore {
  readonly isClosing: boolean
  readonly instances: ReadonlyMap<string, Instance>
  readonly eviction: Pick<Eviction, 'isNeeded'>
  readonly forgottenTabs: LockedWorkCore['forgottenTabs'] & {
    /** The token was forgotten here a short time ago. */
    has(token: string): boolean
  }
  /** Loads the definitions. */
  prepare(): Eventually<void>
}

export class ServerAccess {
  private readonly core: ServerAccessCore

  constructor(core: ServerAccessCore) {
    this.core = core
  }

  modify<D extends Definition, T>(
    token: string,
    definition: D,
    change: (state: StateOf<D>, held: HeldToken) => T | Promise<T>,
    naming: Naming,
  ): Promise<T> {
    const { core } = this
    return promised(() => {
      this.refuseUnusable(token)
      const work = (transaction: Transaction) =>
        change(transaction.get(definition.id) as StateOf<D>, new HandlerContext(definition.id, transaction))
      const run = () => runLocked(core, token, change, work, { modified: definition.id }, unguarded)
      return core.tracked(after(core.prepare(), () => this.ofKnown(token, naming, run)))
    })
  }

  lock(token: string): Promise<HeldToken> {
    const { core } = this
    const line = lineHere()
    return promised(() => {
      this.refuseUnusable(token)
      const begin = () =>
        after(openBlock(core, token, unguarded), (transaction) => {
          const watch = line && new UsingWatch(core, 'Server code', line)
          const released = transaction.untilReleased()
          void core.tracked(watch ? released.finally(() => watch.done()) : released)
          return heldBlock(transaction, core.lockScope, watch)
        })
      core.lockScope.begin() // before anything waits: the flow of the caller is marked later
      return this.ofKnown(token, 'named', begin)
    })
  }

  /** Whether a token is that of a tab: one that is connected, in any process, or of which something is known or kept. */
  async has(token: string): Promise<boolean> {
    if (this.core.isClosing) throw closed()
    return isToken(token) && (await this.knows(token))
  }

  /** Runs `work` if the token is that of a tab; one that is forgotten while `work` waits for its lock is none either. */
  private ofKnown<T>(token: string, naming: Naming, work: () => Eventually<T>): Eventually<T> {
    if (naming === 'calling') return work()
    return rescued(
      () =>
        after(this.knows(token), (isKnown) => {
          if (!isKnown) throw unknownToken()
          return work()
        }),
      (error) => {
        throw isHeldStateError(error) && error.code === 'state-lost' && this.isForgotten(token) ? unknownToken() : error
      },
    )
  }

  private isForgotten(token: string): boolean {
    const { forgottenTabs, instances } = this.core
    return forgottenTabs.has(token) || instances.get(token)?.forgotten === true
  }

  private knows(token: string): Eventually<boolean> {
    const { core } = this
    const here = core.instances.get(token)
    if (this.isForgotten(token)) return false
    const isFresh = here !== undefined && isUpToDate(core, here)
    if (here && isFresh && this.isUsed(here)) return true
    const read = rescued(
      () => (isFresh ? undefined : core.store.read(token)),
      (error) => {
        throw new LoadError(token, error)
      },
    )
    return after(read, (stored) => {
      if (stored) return !stored.forgotten
      const now = core.instances.get(token)
      if (now && this.isUsed(now)) return !this.isForgotten(token)
      return core.store.shared?.isAttended(token) ?? false
    })
  }

  /** A call has reached a handler, a task was started, or a page is connected, or was a moment ago and may come back, to this process. */
  private isUsed(instance: Instance): boolean {
    return instance.exists || instance.browser !== undefined || this.core.eviction.isNeeded(instance)
  }

  private refuseUnusable(token: string): void {
    if (this.core.isClosing) throw closed()
    refuseMalformed(token)
    this.core.lockScope.refuseNested(token) // here, before anything waits: the change that calls may be over then
  }
}

const unknownToken = () =>
  new HeldStateError(
    'unknown-token',
    'No tab has this token: it never existed, was ended (for example at logout), or its state ' +
      'expired ("retainMs"). Nothing was changed. Check with `await hub.has(token)`.',
  )
