/** The start of a task: what it runs with, and what is known of its run already. */
import type { HeldStateError } from '../base/errors.js'
import type { TaskDeclaration } from '../state/definition.js'
import type { DurableRun } from '../store/store.js'
import type { TaskRun } from './run.js'

export interface TaskStart {
  readonly token: string
  readonly definition: string
  readonly task: string
  readonly declaration: TaskDeclaration
  readonly args: readonly unknown[]
  /** The same before the schema has seen them. */
  readonly given: readonly unknown[]
  /** Of a run whose start is saved, or that is begun again. */
  readonly known?: KnownRun | undefined
  /** Of a trigger: the run that it is part of, unless that one is at its end. */
  readonly joins?: JoinedRun | undefined
}

export interface JoinedRun {
  readonly run: TaskRun
  /** How often the run had looked at the state when the trigger came. */
  readonly looks: number
  /** Why it may not join that run. */
  readonly refused?: HeldStateError | undefined
}

export interface KnownRun {
  readonly run: string
  readonly attempt: number
  readonly durable?: DurableRun | undefined
  /** Its turn, while it waits for others. */
  readonly waits?: number | undefined
  /** It waits to see whether the run of another process, to which it came, is at its end. */
  readonly joins?: boolean | undefined
  /** Ids of the runs whose place it takes. */
  readonly replaces?: readonly string[] | undefined
}
