/** The start of a task: its arguments, and what is already decided about its run. */
import type { HeldStateError } from '../base/errors.js'
import type { CallName } from '../instance/call-log.js'
import type { TaskDeclaration } from '../state/definition.js'
import type { DurableRun } from '../store/store.js'
import type { TaskRun } from './run.js'

export interface TaskStart {
  readonly token: string
  readonly definition: string
  readonly task: string
  readonly declaration: TaskDeclaration
  readonly args: readonly unknown[]
  /** The arguments before the schema has validated them. */
  readonly rawArgs: readonly unknown[]
  /** The id of the run, where it is given before the run begins. */
  readonly id?: string | undefined
  /** The id of the run that it is cancelled with. */
  readonly parent?: string | undefined
  /** The run, if its start is saved or waits, or if this is a further attempt. */
  readonly saved?: SavedRun | undefined
  /** The run that a trigger is part of, unless that run is finishing. */
  readonly joins?: JoinedRun | undefined
}

export interface JoinedRun {
  readonly run: TaskRun
  /** The number of times that the run had looked at the state when the trigger came. */
  readonly looks: number
  /** Why the trigger may not join the run. */
  readonly refused?: HeldStateError | undefined
}

export interface SavedRun {
  readonly run: string
  readonly attempt: number
  /** When it began, in milliseconds since the epoch, if it has begun. */
  readonly started?: number | undefined
  readonly durable?: DurableRun | undefined
  /** Its turn, while the start waits for other runs of the task. */
  readonly waits?: number | undefined
  /** The start is a trigger that waits to see whether a run in another process is finishing. */
  readonly joins?: boolean | undefined
  /** Ids of the runs that this one replaces. */
  readonly replaces?: readonly string[] | undefined
}

/** A start that waits, with the number of its turn. */
export interface WaitingStart extends TaskStart {
  readonly saved: SavedRun & { readonly waits: number }
}

/** The call of a page that starts a task, and what the page has sent since. */
export interface StartCall {
  readonly name: CallName
  readonly inbox?: SentCalls | undefined
}

export interface SentCalls {
  /** Whether the page has sent such a call after the call with this id. */
  hasLater(call: { readonly id: number; readonly definition: string; readonly member: string }): boolean
}
