/**
 * What becomes of durable tasks whose process has ended: they go on here, or come to their end. Their arguments were saved as they
 * came, and the schema that is there now validates them again: the code may be another one.
 */
import { concealed } from '../base/concealed.js'
import type { Failure } from '../base/errors.js'
import { after, type Eventually, isPromise, rescued } from '../base/eventually.js'
import { toFailure } from '../base/failure.js'
import { fixedLimits } from '../base/server-limits.js'
import { type ArgumentsGround, argumentsOf } from '../instance/handler-arguments.js'
import type { Instance } from '../instance/instance.js'
import type { Transaction } from '../instance/transaction.js'
import type { DurableRun, RunningTask, TaskName } from '../store/store.js'
import type { TaskStart } from './task-start.js'

/** One that goes on, or what it has failed of. */
export type Inherited = TaskStart | (TaskName & { readonly failure: Failure })

/** Under the lock of their token: what becomes of them, as `transaction` saves it. */
export function inheritAll(
  ground: ArgumentsGround,
  token: string,
  transaction: Transaction,
): Eventually<readonly Inherited[]> {
  const all = ground.instance(token).runs.orphaned.map((orphan) => inherit(ground, token, orphan, transaction))
  const known = (inherited: readonly (Inherited | undefined)[]) => inherited.filter((one) => one !== undefined)
  return all.some(isPromise) ? Promise.all(all).then(known) : known(all as (Inherited | undefined)[])
}

/** Pages see that a task has failed, also while other copies of it go on. */
export function showFailure(
  { runs }: Pick<Instance, 'runs'>,
  { definition, task, failure }: TaskName & { readonly failure: Failure },
): void {
  runs.setStatus(definition, task, { ...runs.localStatus(definition, task), outcome: 'failed', error: failure })
}

function inherit(
  ground: ArgumentsGround,
  token: string,
  orphan: RunningTask,
  transaction: Transaction,
): Eventually<Inherited | undefined> {
  const { log, registry } = ground
  const { definition, task, durable = { args: [], lost: 0, failed: 0 } } = orphan
  const declaration = registry.has(definition) ? registry.get(definition).members.tasks.get(task) : undefined
  if (!declaration) {
    log.warn(
      `Task "${task}" of state "${definition}" was to go on here, but there is none: it waits for code that has it.`,
    )
    return undefined
  }
  const lost = orphan.waits === undefined ? durable.lost + 1 : durable.lost // one that waits has not begun
  if (lost > fixedLimits.lostProcesses) {
    log.error(`${nameOf(orphan)} was given up: ${lost} processes in a row ended while it ran.`)
    return end(ground, token, orphan, transaction, givenUp(task, lost))
  }
  return rescued<Inherited>(
    () =>
      after(argumentsOf(ground, { definition, member: task, args: durable.args }, declaration), (args) => {
        const known = continued(orphan, { ...durable, lost }, ground.nodes.node)
        transaction.began(known)
        return { token, definition, task, declaration, args, given: durable.args, known }
      }),
    (error) => refuse(ground, token, orphan, transaction, error),
  )
}

/** The next attempt; a start that waits has none yet. */
const continued = (orphan: RunningTask, durable: DurableRun, node: string): RunningTask & { durable: DurableRun } => ({
  ...orphan,
  node,
  attempt: orphan.waits === undefined ? orphan.attempt + 1 : orphan.attempt,
  durable,
})

/** It fails once, and is not tried again: the next process would refuse it, too. */
function refuse(
  ground: ArgumentsGround,
  token: string,
  orphan: RunningTask,
  transaction: Transaction,
  thrown: unknown,
): Inherited {
  const error = concealed('task-failed', nameOf(orphan), thrown)
  const says =
    error.code === 'invalid-arguments'
      ? `cannot go on: its schema now refuses the arguments that it was started with: ${error.message}`
      : 'cannot go on: its schema has failed.'
  ground.log.error(`${nameOf(orphan)} ${says}`, thrown)
  ground.instance(token).fault(error)
  return end(ground, token, orphan, transaction, toFailure(error))
}

function end(
  ground: ArgumentsGround,
  token: string,
  { definition, task, run }: RunningTask,
  transaction: Transaction,
  failure: Failure,
): Inherited {
  const ended = { definition, task, failure }
  showFailure(ground.instance(token), ended)
  transaction.ended(run)
  return ended
}

/** For people. */
const nameOf = ({ definition, task }: RunningTask) => `Task "${task}" of state "${definition}"`

const givenUp = (task: string, lost: number): Failure => ({
  code: 'interrupted',
  message: `Task "${task}" was given up: ${lost} processes in a row ended while it ran. What it had saved until then is kept.`,
})
