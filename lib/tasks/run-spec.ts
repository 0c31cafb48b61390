/** The fixed properties of one attempt of a task's run, and the phases that it passes through. */
import type { HeldStateError } from '../base/errors.js'
import type { DurableRun } from '../store/store.js'

export type Phase =
  | { readonly name: 'running' }
  | { readonly name: 'cancelled'; readonly reason: HeldStateError }
  | { readonly name: 'failed'; readonly reason: HeldStateError; readonly cause: unknown }
  | { readonly name: 'done' }

/** The page that started a run, where it is known. */
export interface RunOwner {
  readonly browser?: string | undefined
  readonly address?: string | undefined
}

/** The fixed properties of one attempt of a run. */
export interface RunSpec {
  readonly id: string
  readonly token: string
  readonly owner: RunOwner
  readonly definition: string
  readonly task: string
  /** Milliseconds without a page after which the run is cancelled; `undefined` if it goes on. */
  readonly disconnectGraceMs: number | undefined
  /** Counts from 1. */
  readonly attempt: number
  /** When the first attempt began, in milliseconds since the epoch. */
  readonly started: number
  /** The saved part of a durable run. */
  readonly durable: DurableRun | undefined
  /** The number of attempts that failed before this one. */
  readonly failures: number
  /** The number of attempts that may fail before the run does. */
  readonly retries: number
  /** The id of the run that it is cancelled with. */
  readonly parent: string | undefined
  /** The digest of the arguments, where a start with equal arguments joins the run. */
  readonly same: string | undefined
  /** Whether a trigger that comes while the run is under way is part of it. */
  readonly isJoinable: boolean
  /** The arguments of the start, before the schema has validated them. */
  readonly rawArgs: readonly unknown[]
}
