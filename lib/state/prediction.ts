/**
 * Optimistic events: what a page shows of a call before the server has answered. A prediction is a pure function of the
 * public fields and the arguments, the only code of a state module that runs in the browser.
 */
import { openDraft } from '../delta/draft.js'

/** Changes a draft of the view as the event is expected to. */
// biome-ignore lint/suspicious/noExplicitAny: a stored prediction has the types of its declaration, which the list of all cannot name
export type Predict = (state: any, ...args: any[]) => void

/** By event: the view that its call is expected to make of a view. */
export type Predictions = Readonly<Record<string, (view: object, args: readonly unknown[]) => object>>

export function predictions(predict: Readonly<Record<string, Predict>>): Predictions {
  return Object.fromEntries(Object.entries(predict).map(([event, change]) => [event, prediction(change)]))
}

const prediction = (change: Predict) => (view: object, args: readonly unknown[]) => {
  const draft = openDraft(view)
  change(draft.state, ...args)
  return draft.commit()
}
