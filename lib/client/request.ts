/** A call as it waits in the page: to be sent, or to be answered. */
import type { CallMessage } from '../protocol/written-up.js'
import type { Prediction } from './prediction.js'

/** A call as the page makes it. */
export interface Request {
  readonly subscription: number
  readonly message: CallMessage
  /** Of its message, with the id. */
  readonly bytes: number
  /** What to do once the connection is closed: send it again, or let it fail because the next hello says the same. */
  readonly again: boolean
  /** What the page shows of it until it settles. */
  readonly prediction?: Omit<Prediction, 'call'> | undefined
  /** The page that made it, where that was one before this one in the same tab. */
  readonly former?: string | undefined
}

/** A call that has not settled. */
export type OpenCall = Pick<Request, 'subscription' | 'message' | 'again' | 'former'> & { readonly id: number }

/** A call of a former page. */
export interface RestoredCall extends Pick<Request, 'subscription' | 'message'> {
  readonly id: number
  readonly former: string
  /** Of the state that it was made to. */
  readonly birth: string | undefined
}

/** It will be sent again and may change something: a wait for a run changes nothing, and takes as long as that run. */
export const isChange = ({ again, message }: Pick<Request, 'again' | 'message'>): boolean =>
  again && message[0] !== 'wait'

/** What an id adds to a message, at most. */
export const idBytes = 30
