/**
 * The guard of a block that holds the lock: what `await self.lock()` returns and `await using` disposes.
 *
 * JavaScript does not tell a resource whether its block was left normally or by a throw, and a block that threw must leave
 * nothing behind. So leaving a block in a task decides nothing yet: the draft is closed, the lock stays held, and the
 * change is saved when it is certain that no throw is on its way out of the task: at the next `self.…` call, or else at
 * the end of this turn of the event loop. A task that failed or was cancelled until then loses the change, and no page
 * saw it. A throw that the task catches itself around the block cannot be told from a normal exit: `rollback()` is for that.
 */
import type { Transaction } from '../instance/transaction.js'
import type { UsingWatch } from '../instance/using-watch.js'

/** The run whose block it is. */
export interface GuardOwner {
  readonly isRunning: boolean
  /** Blocks whose lock is held. */
  readonly blocks: Set<LockGuard>
  fail(error: unknown): void
}

export class LockGuard {
  readonly transaction: Transaction
  /** In development, notices a block without `using`. */
  watch: UsingWatch | undefined
  /** The author's code is past the block. */
  left = false
  private readonly run: GuardOwner
  private finished: Promise<void> | undefined

  constructor(run: GuardOwner, transaction: Transaction) {
    this.run = run
    this.transaction = transaction
    run.blocks.add(this)
  }

  /** A `yield` inside the block: saves and shows what has changed so far. */
  async show(): Promise<void> {
    if (!this.left) await this.transaction.saveAndShow()
  }

  /** The author's code leaves the block. `later` runs its argument at the end of the turn. */
  leave(later: (run: () => void) => void): void {
    if (this.left || this.finished) return
    try {
      this.transaction.stage()
    } catch (error) {
      this.release()
      throw error
    }
    this.left = true
    this.transaction.close()
    later(() => void this.confirm())
  }

  /** Saves and shows the change, unless the run may not write any more. Then releases the lock. */
  confirm(): Promise<void> {
    this.finished ??= this.finish()
    return this.finished
  }

  private async finish(): Promise<void> {
    if (!this.left && this.run.isRunning)
      this.watch?.say('held the lock until the task ended, and its changes are lost')
    try {
      if (this.left && this.run.isRunning) {
        this.transaction.absorbTriggers()
        await this.transaction.save()
      }
    } catch (error) {
      this.run.fail(error)
    } finally {
      this.release()
    }
  }

  private release(): void {
    this.run.blocks.delete(this)
    this.watch?.done()
    this.transaction.release()
  }
}
