/** Runs that another run has started with `{ with: self }`: they are cancelled when that one is, or when it fails. */
import { HeldStateError } from '../base/errors.js'
import { stackless } from '../base/stackless.js'
import type { Instance } from '../instance/instance.js'
import type { RunningTask } from '../store/store.js'

interface BoundRun {
  readonly run: string
  readonly token: string
  readonly parent: string
}

export class BoundRuns {
  /** Runs and starts of this process, by their own ids. */
  private readonly runs = new Map<string, BoundRun>()
  private readonly byParent = new Map<string, Set<string>>()
  private readonly byToken = new Map<string, Set<BoundRun>>()

  add(run: BoundRun): void {
    this.delete(run.run)
    this.runs.set(run.run, run)
    const ofToken = this.byToken.get(run.token) ?? new Set()
    this.byToken.set(run.token, ofToken.add(run))
    const others = this.byParent.get(run.parent) ?? new Set()
    this.byParent.set(run.parent, others.add(run.run))
  }

  delete(id: string): void {
    const run = this.runs.get(id)
    if (!run) return
    this.runs.delete(id)
    const others = this.byParent.get(run.parent)
    others?.delete(id)
    if (others?.size === 0) this.byParent.delete(run.parent)
    const ofToken = this.byToken.get(run.token)
    ofToken?.delete(run)
    if (ofToken?.size === 0) this.byToken.delete(run.token)
  }

  /** Those that `parent` has started. */
  of(parent: string): readonly string[] {
    return [...(this.byParent.get(parent) ?? [])]
  }

  /** Those of a token whose parent has been cancelled or has failed, as far as that is known. */
  left({ token, runs }: Pick<Instance, 'token' | 'runs'>): readonly string[] {
    const ofToken = [...(this.byToken.get(token) ?? [])]
    return ofToken.filter(({ parent }) => isLeft(runs, parent)).map(({ run }) => run)
  }
}

/** Whether a run has been cancelled or has failed. One that is done leaves what it has started to itself. */
export function isLeft({ lastEnds }: Pick<Instance['runs'], 'lastEnds'>, parent: string): boolean {
  const end = lastEnds.of(parent)
  return end !== undefined && end.outcome !== 'done'
}

export const cancelledWith = (): HeldStateError =>
  stackless(
    () => new HeldStateError('task-cancelled', 'The task was cancelled together with the task that started it.'),
  )

/** Runs with these ids, and those that they have started, and so on. */
export function withBound(running: readonly RunningTask[], ids: Iterable<string>): ReadonlySet<string> {
  const all = new Set(ids)
  for (const id of all) for (const { run, parent } of running) if (parent === id) all.add(run)
  return all
}
