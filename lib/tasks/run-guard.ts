/** The right of a run to write, and the signal that says that it is gone. */
import { setMaxListeners } from 'node:events'
import type { HeldStateError } from '../base/errors.js'
import type { CancelGuard, GuardedRun } from '../instance/cancel-guard.js'

interface WritingRun extends GuardedRun {
  /** Throws once the run may write nothing more. */
  check(): void
  track(save: Promise<void>): Promise<void>
}

export class RunGuard implements CancelGuard {
  readonly run: WritingRun
  private controller: AbortController | undefined
  private reason: HeldStateError | undefined

  constructor(run: WritingRun) {
    this.run = run
  }

  /** Is made when it is needed: most tasks neither wait for a lock nor look at it, and it costs as much as a quarter of a start. */
  get signal(): AbortSignal {
    if (!this.controller) {
      this.controller = new AbortController()
      setMaxListeners(0, this.controller.signal) // every wait of the task listens, and a task may wait for many things at once
      if (this.reason) this.controller.abort(this.reason)
    }
    return this.controller.signal
  }

  abort(reason: HeldStateError): void {
    this.reason ??= reason
    this.controller?.abort(reason)
  }

  check(): void {
    this.run.check()
  }

  trackSave(save: Promise<void>): Promise<void> {
    return this.run.track(save)
  }

  /** The same for a save that does not look at the state: triggers that wait for that are not met. */
  get blind(): CancelGuard {
    const guard = this
    return {
      get signal() {
        return guard.signal
      },
      check: () => guard.check(),
      trackSave: (save) => guard.trackSave(save),
    }
  }
}
