/** Triggers that a handler returned or yielded, in their order. */
import { after, type Eventually, isPromise, rescued } from '../base/eventually.js'
import { isTrigger } from '../state/trigger.js'
import type { TaskStart } from '../tasks/pool.js'
import { type DispatchGround, type Next, prepare } from './dispatch.js'

export interface TriggerGround extends DispatchGround {
  readonly tasks: DispatchGround['tasks'] & { begin(start: TaskStart): void }
  tracked<T>(work: Eventually<T>): Eventually<T>
}

/** A trigger starts when the one before it has: its arguments may have to be waited for. */
export function startEach(ground: TriggerGround, token: string, next: readonly Next[]): Eventually<void> {
  const report = (error: unknown) => ground.report(token, error)
  for (const [index, trigger] of next.entries()) {
    if (!isTrigger(trigger)) {
      ground.tasks.begin(trigger)
      continue
    }
    const started = rescued(
      () => after(prepare(ground, { ...trigger, token }), (run) => void ground.tracked(rescued(run, report))),
      report,
    )
    if (isPromise(started)) return started.then(() => startEach(ground, token, next.slice(index + 1)))
  }
}
