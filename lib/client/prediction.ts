/**
 * What a page shows of a call before the hub has answered. Predictions are never mixed into what the hub has said: they are
 * applied on top of it, again after each message of the hub, so a call that is refused takes its change with it.
 */
import { messageOf } from '../base/errors.js'
import { consoleLog } from '../base/log.js'

export interface Prediction {
  /** The call that it belongs to. */
  readonly call: number
  /** The position of its state in the watch. */
  readonly position: number
  /** The view as it will be once the call has taken effect. Throws where it makes no sense. */
  show(view: object): object
}

/** A view with the predictions for it. One that throws, since the state is another now, shows nothing. */
export function predicted(view: object, position: number, predictions: readonly Prediction[]): object {
  let shown = view
  for (const prediction of predictions)
    if (prediction.position === position)
      try {
        shown = prediction.show(shown)
      } catch (error) {
        warn(prediction, error)
      }
  return shown
}

const warned = new WeakSet<Prediction>()

function warn(prediction: Prediction, error: unknown): void {
  const mistaken = error instanceof TypeError // a handler may well throw something of its own: the hub will, too
  if (process.env.NODE_ENV === 'production' || !mistaken || warned.has(prediction)) return
  warned.add(prediction)
  consoleLog.warn(`Failed to predict an optimistic event; the page waits for the server's answer: ${messageOf(error)}`)
}
