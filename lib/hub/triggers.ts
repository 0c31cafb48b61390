/** Triggers that a handler returned or yielded, in their order. */
import { after, type Eventually, isPromise, rescued } from '../base/eventually.js'
import type { Trigger } from '../state/trigger.js'
import { type DispatchGround, prepare } from './dispatch.js'

export interface TriggerGround extends DispatchGround {
  tracked<T>(work: Eventually<T>): Eventually<T>
  report(token: string, error: unknown): void
}

/** A trigger starts when the one before it has: its arguments may have to be waited for. */
export function startEach(ground: TriggerGround, token: string, triggers: readonly Trigger[]): Eventually<void> {
  const report = (error: unknown) => ground.report(token, error)
  for (const [index, trigger] of triggers.entries()) {
    const started = rescued(
      () => after(prepare(ground, { ...trigger, token }), (run) => void ground.tracked(rescued(run, report))),
      report,
    )
    if (isPromise(started)) return started.then(() => startEach(ground, token, triggers.slice(index + 1)))
  }
}
