/** A page that has never been answered: its developer has probably started Next alone. */
import { HeldStateError } from '../base/errors.js'
import type { Waiting } from './retry.js'

/** Attempts to connect for the first time after which the console says so: some seconds. */
const attemptsBeforeWord = 4

/** Now is the time to say it. A server that refuses the page has answered. */
export const isUnanswered = (waiting: Waiting | undefined): boolean =>
  !waiting?.reason && waiting?.attempt === attemptsBeforeWord && process.env.NODE_ENV === 'development'

export const unanswered = () =>
  new HeldStateError(
    'offline',
    'No heldstate server answers this page. Start the app with "heldstate dev", or let instrumentation.ts attach it to "next dev"; ' +
      '"npx heldstate doctor" looks for what is missing.',
  )
