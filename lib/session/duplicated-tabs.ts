/**
 * The states that duplicated tabs begin with. A copy shares the values of its original in memory, which is read and not followed.
 * It is saved before its page is shown it: the tab may be reloaded, its process may die, and its code may run in another process.
 */
import type { Clock } from '../base/clock.js'
import { after, type Eventually } from '../base/eventually.js'
import { processLimits } from '../base/server-limits.js'
import { sizeOf } from '../base/value.js'
import { unguarded } from '../instance/cancel-guard.js'
import type { Core } from '../instance/core.js'
import type { Instance } from '../instance/instance.js'
import { type ReadCore, readInstance } from '../instance/read.js'
import { noAuthor, transact } from '../instance/transact.js'
import type { StateStore } from '../store/store.js'
import type { Connection } from './connection.js'
import type { NewTabs } from './new-tabs.js'

/** What it asks of the hub. */
export interface DuplicatedTabsCore extends ReadCore, Core {
  readonly clock: Clock
  readonly store: StateStore
  readonly newTabs: Pick<NewTabs, 'copy'>
}

type Kept = Pick<Instance, 'state' | 'shapes' | 'bytes'>

export class DuplicatedTabs {
  private readonly core: DuplicatedTabsCore
  /** What was read last: a flood of copies of one tab reads it once. */
  private last: { readonly token: string; readonly kept: Promise<Kept>; cancelForget(): void } | undefined

  /** Bytes of those that were lent last. */
  private readonly sizes = new Map<string, number>()

  constructor(core: DuplicatedTabsCore) {
    this.core = core
  }

  /** Gives an instance what another token has, unless it has something itself, and saves that. */
  lend(token: string, to: Instance, connection: Connection): Eventually<void> {
    if (to.exists) return
    const borrowed = to.borrowed ? undefined : this.borrow(token, to, connection)
    return after(borrowed, () => this.saveCopy(to))
  }

  private borrow(token: string, to: Instance, connection: Connection): Eventually<void> {
    const charge = (bytes: number) => this.core.newTabs.copy(connection, bytes)
    const known = this.sizes.get(token)
    if (known !== undefined) charge(known) // before it is read again
    return after(this.of(token), (kept) => {
      this.remember(token, kept.bytes)
      if (known === undefined) charge(kept.bytes)
      to.borrow(kept)
    })
  }

  private saveCopy({ borrowed, token }: Instance): Eventually<void> {
    const { core } = this
    if (borrowed) return transact(core, token, unguarded, noAuthor, (transaction) => transaction.reserveFirstSave())
  }

  private remember(token: string, bytes: number): void {
    this.sizes.delete(token)
    this.sizes.set(token, bytes)
    const [oldest] = this.sizes.keys()
    if (this.sizes.size > processLimits.originalSizes && oldest !== undefined) this.sizes.delete(oldest)
  }

  /** What is kept of a token, or what it has borrowed itself. */
  private of(token: string): Eventually<Kept> {
    const { clock, instances } = this.core
    const here = instances.get(token)
    if (here?.known) return here.exists ? here : (here.borrowed ?? here)
    if (this.last?.token === token) return this.last.kept
    const kept = this.read(token)
    this.forget()
    this.last = { token, kept, cancelForget: clock.after(processLimits.originalMs, () => this.forget()) }
    kept.catch(() => {
      if (this.last?.kept === kept) this.forget()
    })
    return kept
  }

  forget(): void {
    this.last?.cancelForget()
    this.last = undefined
  }

  private async read(token: string): Promise<Kept> {
    const { state, shapes } = await readInstance(this.core, token)
    return { state, shapes, bytes: sizeOf(state) }
  }
}
