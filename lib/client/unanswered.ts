/** A page that has never been answered: probably Next was started alone, or a proxy keeps our path for itself. */
import { HeldStateError } from '../base/errors.js'
import { heldApp } from '../protocol/heldstate-app.js'
import { socketPath } from '../protocol/path.js'
import type { Waiting } from './retry.js'

/** Attempts to connect for the first time after which the console says so: some seconds. */
const attemptsBeforeWord = 4

export class Unanswered {
  private readonly report: (error: HeldStateError) => void
  private isSaid = false

  constructor(report: (error: HeldStateError) => void) {
    this.report = report
  }

  /** An attempt has failed. A server that refuses the page has answered, and without a network none can. */
  failed(offline: boolean, waiting: Waiting | undefined): void {
    if (!offline && !waiting?.reason && waiting?.attempt === attemptsBeforeWord) this.say()
  }

  say(): void {
    if (!this.isSaid) this.report(unanswered())
    this.isSaid = true
  }
}

const unanswered = () =>
  new HeldStateError(
    'offline',
    `No heldstate server answers at ${heldApp.zone}${socketPath}. Start the app with "heldstate dev" or "heldstate start", and not with "next dev" or "next start", or attach it to Next's own server in instrumentation.ts; ` +
      'a proxy must forward that path. Run "npx heldstate doctor" to find the cause.',
  )
