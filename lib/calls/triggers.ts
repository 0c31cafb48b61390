/** Triggers that a handler returned or yielded, in their order. */
import { after, type Eventually, isPromise, rescued } from '../base/eventually.js'
import { isTrigger } from '../state/trigger.js'
import type { TaskStart } from '../tasks/task-start.js'
import type { Dispatched } from './call-order.js'
import { type DispatchCore, type Next, resolveCall } from './dispatch.js'

export interface TriggerCore extends DispatchCore {
  readonly tasks: DispatchCore['tasks'] & { begin(start: TaskStart): void }
  tracked<T>(work: Eventually<T>): Eventually<T>
}

/** A trigger starts when the one before it has: its arguments may have to be waited for. */
export function startEach(core: TriggerCore, token: string, next: readonly Next[]): Eventually<void> {
  for (let index = 0; index < next.length; index += 1) {
    const started = startOne(core, token, next[index] as Next)
    if (isPromise(started)) return startRest(core, token, next, index + 1, started)
  }
}

async function startRest(
  core: TriggerCore,
  token: string,
  next: readonly Next[],
  from: number,
  started: Promise<void>,
): Promise<void> {
  await started
  for (let index = from; index < next.length; index += 1) await startOne(core, token, next[index] as Next)
}

function startOne(core: TriggerCore, token: string, next: Next): Eventually<void> {
  const report = (error: unknown) => core.report(token, error)
  if (!isTrigger(next)) return core.tasks.begin(next)
  return rescued(
    () =>
      after(resolveCall(core, { ...next, token }), (run) => void core.tracked(rescued(() => settled(run()), report))),
    report,
  )
}

const settled = (dispatched: Eventually<Dispatched>): Eventually<void> =>
  after(dispatched, (outcome) => (outcome === 'answered' ? undefined : outcome.done))
