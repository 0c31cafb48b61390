/**
 * Continues durable tasks whose process has died, or fails them. Their arguments were saved before a schema had validated them, and
 * the schema of this build validates them again, because the code may have changed.
 */
import { concealed } from '../base/concealed.js'
import type { Failure } from '../base/errors.js'
import { after, type Eventually, isPromise, rescued } from '../base/eventually.js'
import { toFailure } from '../base/failure.js'
import { processLimits } from '../base/server-limits.js'
import { inTab } from '../base/text.js'
import { type ArgumentsCore, argumentsOf } from '../instance/handler-arguments.js'
import type { Instance } from '../instance/instance.js'
import type { Transaction } from '../instance/transaction.js'
import type { DurableRun, RunningTask, TaskName } from '../store/store.js'
import type { TaskStart } from './task-start.js'

interface FailedTask extends TaskName {
  readonly failure: Failure
}

/** A run that goes on, or a task that has failed. */
export type Adopted = TaskStart | FailedTask

/** Decides about all orphaned runs of a token, under its lock. `transaction` saves the result. */
export function adoptAll(core: ArgumentsCore, token: string, transaction: Transaction): Eventually<readonly Adopted[]> {
  const all = core.instance(token).runs.orphaned.map((orphan) => adopt(core, token, orphan, transaction))
  const known = (adopted: readonly (Adopted | undefined)[]) => adopted.filter((one) => one !== undefined)
  return all.some(isPromise) ? Promise.all(all).then(known) : known(all as (Adopted | undefined)[])
}

/** Shows pages that a task has failed, even while other copies of it go on. */
export function showFailure({ runs }: Pick<Instance, 'runs'>, { definition, task, failure }: FailedTask): void {
  runs.setStatus(definition, task, { ...runs.localStatus(definition, task), outcome: 'failed', error: failure })
}

function adopt(
  core: ArgumentsCore,
  token: string,
  orphan: RunningTask,
  transaction: Transaction,
): Eventually<Adopted | undefined> {
  const { log, registry } = core
  const { definition, task, durable = { args: [], lost: 0, failed: 0 } } = orphan
  const declaration = registry.has(definition) ? registry.get(definition).members.tasks.get(task) : undefined
  if (!declaration) {
    log.warn(
      `Task "${task}" of state "${definition}" is not defined in this build ${inTab(token)}; leaving it for a process that has it.`,
    )
    return undefined
  }
  const lost = orphan.waits === undefined ? durable.lost + 1 : durable.lost // a start that waits has not run
  if (lost > processLimits.maxLostProcesses) {
    log.error(
      `${nameOf(orphan)} was stopped for good: ${lost} processes in a row died while running it ${inTab(token)}.`,
    )
    return fail(core, token, orphan, transaction, givenUp(task, lost))
  }
  return rescued<Adopted>(
    () =>
      after(argumentsOf(core, { definition, member: task, args: durable.args }, declaration), (args) => {
        const saved = nextAttempt(orphan, { ...durable, lost }, core.nodes.node)
        transaction.addRun(saved)
        return { token, definition, task, declaration, args, rawArgs: durable.args, parent: orphan.parent, saved }
      }),
    (error) => refuse(core, token, orphan, transaction, error),
  )
}

/** A start that waits keeps its attempt: it has not run. */
const nextAttempt = (
  orphan: RunningTask,
  durable: DurableRun,
  node: string,
): RunningTask & { durable: DurableRun } => ({
  ...orphan,
  node,
  attempt: orphan.waits === undefined ? orphan.attempt + 1 : orphan.attempt,
  durable,
})

/** Fails the task at once: the next process would refuse its arguments too. */
function refuse(
  core: ArgumentsCore,
  token: string,
  orphan: RunningTask,
  transaction: Transaction,
  thrown: unknown,
): Adopted {
  const error = concealed('task-failed', nameOf(orphan), thrown)
  const says =
    error.code === 'invalid-arguments'
      ? `its schema now rejects the arguments that it was started with: ${error.message}`
      : 'its schema threw.'
  core.log.error(`${nameOf(orphan)} cannot resume ${inTab(token)}: ${says}`, thrown)
  core.instance(token).watchers.showInDevelopment(error)
  return fail(core, token, orphan, transaction, toFailure(error))
}

function fail(
  core: ArgumentsCore,
  token: string,
  { definition, task, run }: RunningTask,
  transaction: Transaction,
  failure: Failure,
): Adopted {
  const failed = { definition, task, failure }
  showFailure(core.instance(token), failed)
  transaction.finishRun({ definition, task, run, outcome: 'failed', failure })
  return failed
}

/** Names the task in messages. */
const nameOf = ({ definition, task }: RunningTask) => `Task "${task}" of state "${definition}"`

const givenUp = (task: string, lost: number): Failure => ({
  code: 'interrupted',
  message: `Task "${task}" was stopped for good: ${lost} processes in a row died while running it. Changes saved before that are kept.`,
})
