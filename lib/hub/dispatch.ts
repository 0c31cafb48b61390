/**
 * From a call or a trigger to the handler it names. An event runs inside one transaction; each `yield` of a generator
 * commits what changed so far. A task is only started here.
 */
import { HeldStateError, isHeldStateError, messageOf } from '../base/errors.js'
import type { EventDeclaration, TaskDeclaration } from '../state/declaration.js'
import type { ServerDefinition } from '../state/define.js'
import type { Definition } from '../state/definition.js'
import type { EventContext } from '../state/self.js'
import { type Trigger, triggersIn } from '../state/trigger.js'
import { granted } from '../tasks/permit.js'
import type { TaskStart } from '../tasks/pool.js'
import type { Flow } from './flow.js'
import { type Ground, type Transaction, transact } from './transaction.js'

/** What dispatch needs of the hub, beside the ground of transactions. */
export interface DispatchGround extends Ground {
  readonly flow: Flow
  startTask(start: TaskStart): void
  /** Starts what a handler returned or yielded; their failures are the hub's to report. */
  start(token: string, triggers: readonly Trigger[]): void
}

export interface Call {
  readonly token: string
  readonly definition: string
  readonly member: string
  readonly args: readonly unknown[]
}

/** Resolves when an event's effect is committed, or when a task has been started. */
export async function dispatch(ground: DispatchGround, call: Call): Promise<void> {
  const definition = ground.registry.get(call.definition)
  const event = definition.members.events.get(call.member)
  if (event) return runEvent(ground, call, definition, event, await argumentsOf(call, event))
  const declaration = definition.members.tasks.get(call.member)
  if (!declaration) throw unknownMember(definition, call.member)
  const args = await argumentsOf(call, declaration)
  ground.startTask({ token: call.token, definition: definition.id, task: call.member, declaration, args })
}

async function runEvent(
  ground: DispatchGround,
  { token, member }: Call,
  definition: ServerDefinition,
  event: EventDeclaration,
  args: readonly unknown[],
): Promise<void> {
  const where = `Event "${member}" of state "${definition.id}"`
  const hold = ground.flow.hold(token)
  try {
    const triggers = await transact(ground, token, granted, (transaction) =>
      ground.flow.run(hold, async () => {
        const state = transaction.get(definition.id)
        const result = event.handler.call(contextOf(transaction), state, ...args)
        return triggersIn(isIterator(result) ? await iterate(ground, transaction, result, where) : await result, where)
      }),
    )
    ground.start(token, triggers)
  } catch (error) {
    if (isHeldStateError(error)) throw error
    throw new HeldStateError('handler-failed', `${where} threw: ${messageOf(error)}`, { cause: error })
  } finally {
    hold.active = false
  }
}

/** Runs a generator to its end and returns what it returned. */
async function iterate(
  ground: DispatchGround,
  transaction: Transaction,
  iterator: Iterator<unknown> | AsyncIterator<unknown>,
  where: string,
): Promise<unknown> {
  for (;;) {
    const step = await iterator.next()
    if (step.done) return step.value
    const triggers = triggersIn(step.value, where)
    await transaction.commit()
    ground.start(transaction.token, triggers)
  }
}

function contextOf(transaction: Transaction): EventContext {
  return {
    token: transaction.token,
    get: ((other: Definition) => transaction.get(other.id)) as EventContext['get'],
  }
}

/** What the handler gets: validated and transformed where the declaration has a schema. */
async function argumentsOf(call: Call, { schema }: EventDeclaration | TaskDeclaration): Promise<readonly unknown[]> {
  if (!schema) return call.args
  const result = await schema['~standard'].validate(call.args[0])
  if (!result.issues) return [result.value]
  const issues = result.issues.map(({ message, path }) => {
    const at = path?.map((part) => String(typeof part === 'object' ? part.key : part)).join('.')
    return at ? `${at}: ${message}` : message
  })
  throw new HeldStateError('invalid-arguments', `"${call.member}" of state "${call.definition}": ${issues.join('; ')}`)
}

function unknownMember({ id, members }: ServerDefinition, name: string): HeldStateError {
  const known = [...members.events.keys(), ...members.tasks.keys()].map((member) => `"${member}"`).join(', ') || 'none'
  const shown = JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}...` : name)
  return new HeldStateError('unknown-member', `State "${id}" has no event or task ${shown}. It has: ${known}.`)
}

function isIterator(value: unknown): value is AsyncIterator<unknown> | Iterator<unknown> {
  return typeof value === 'object' && value !== null && 'next' in value && typeof value.next === 'function'
}
