/** A page that has never been answered: probably Next was started alone, or a proxy keeps our path for itself. */
import { HeldStateError } from '../base/errors.js'
import { heldApp } from '../protocol/heldstate-app.js'
import { socketPath } from '../protocol/path.js'
import type { Waiting } from './retry.js'

/** Attempts to connect for the first time after which the console says so: some seconds. */
const attemptsBeforeWord = 4

/** Now is the time to say it. A server that refuses the page has answered, and without a network none can. */
export const isUnanswered = (offline: boolean, waiting: Waiting | undefined): boolean =>
  !offline && !waiting?.reason && waiting?.attempt === attemptsBeforeWord

export const unanswered = () =>
  new HeldStateError(
    'offline',
    `No heldstate server answers at ${heldApp.zone}${socketPath}. Start the app with "heldstate dev" or "heldstate start", or attach it to Next's own server in instrumentation.ts; ` +
      'a proxy must forward that path. Run "npx heldstate doctor" to find the cause.',
  )
