/** The `self` of a background task: closures over its run, so that an author can destructure it. */
import type { Clock } from '../base/clock.js'
import { after, type Eventually, promised } from '../base/eventually.js'
import { readonlyView } from '../delta/view.js'
import { HandlerContext } from '../instance/handler-context.js'
import { committedFields, openBlock, runLocked, saveHandedOut } from '../instance/locked-work.js'
import type { Transaction } from '../instance/transaction.js'
import { lineHere, UsingWatch } from '../instance/using-watch.js'
import type { Definition } from '../state/definition.js'
import type { Held, Self } from '../state/self.js'
import { selfBrand } from '../state/trigger.js'
import type { State } from '../store/store.js'
import type { TasksCore } from './core.js'
import { LockGuard } from './lock-guard.js'
import { LostWrites } from './lost-writes.js'
import { OpenCalls } from './open-calls.js'
import type { TaskRun } from './run.js'
import type { RunGuard } from './run-guard.js'

type AnyState = object

/** A run, and what development has noticed of its calls. */
interface Caller {
  readonly run: TaskRun
  readonly core: TasksCore
  readonly open: OpenCalls
  readonly lostWrites: LostWrites | undefined
}

export function selfOf(run: TaskRun, core: TasksCore): Self<AnyState> & { readonly [selfBrand]: true } {
  const { token, definition } = run
  const open = new OpenCalls(core.log, run.where)
  const lostWrites = lineHere() && new LostWrites(core.log, run.where)
  const caller = { run, core, open, lostWrites }
  if (lostWrites)
    void run.settled.then(() => {
      lostWrites.look()
      if (run.phase.name === 'done') open.close()
    })
  return {
    [selfBrand]: true,
    get token() {
      saveHandedOut(core, token)
      return token
    },
    run: run.id,
    attempt: run.spec.attempt,
    get signal() {
      return run.guard.signal
    },
    get state() {
      return newest(caller, definition)
    },
    get: ((other: Definition) => newest(caller, other.id)) as Self<AnyState>['get'],
    lock: () => {
      const line = lineHere()
      return open.note(
        'lock',
        line,
        promised(() => lock(caller, line)),
      )
    },
    update: (change) =>
      open.note(
        'update',
        lineHere(),
        promised(() => update(caller, change)),
      ),
    sleep: (ms) => {
      run.confirmBlocks()
      return sleep(core.clock, run.guard, ms)
    },
    progress: (fraction, note) => {
      run.confirmBlocks()
      run.report(fraction, note)
    },
  }
}

function newest({ run, core }: Caller, id: string) {
  const { token } = run
  const state = unsavedState(run)
  run.looked(state ?? core.instance(token).state)
  return readonlyView(committedFields(core, token, state, id))
}

function lock(caller: Caller, line: Error | undefined): Eventually<Held<AnyState>> {
  const { run, core } = caller
  step(run)
  return after(openBlock(core, run.token, run.guard), (transaction) => {
    looked(caller, transaction)
    const guard = new LockGuard(run, transaction)
    guard.watch = line && new UsingWatch(core, run.where, line)
    return heldBlock(run, core, guard)
  })
}

function update<T>(caller: Caller, change: (state: AnyState, held: HandlerContext) => Eventually<T>): Eventually<T> {
  const { run, core } = caller
  const { token, definition } = run
  step(run)
  const work = (transaction: Transaction) => {
    looked(caller, transaction)
    return change(transaction.get(definition), new HandlerContext(definition, transaction))
  }
  return after(runLocked(core, token, change, work, run, run.guard), (result) =>
    after(core.instance(token).watchers.hurryAtTimes(core.outbox.frame), () => result),
  )
}

/** A further step of the task: a block that it has left is saved first. */
function step(run: TaskRun): void {
  run.guard.check()
  warnOfOpenBlock(run)
  run.confirmBlocks()
}

function looked({ run, lostWrites }: Caller, transaction: Transaction): void {
  run.looked(transaction.next)
  lostWrites?.next(transaction)
}

/** The task waits for its own block, if it has forgotten to close it. */
function warnOfOpenBlock(run: TaskRun): void {
  for (const { left, watch } of run.blocks) if (!left) watch?.say('deadlocks here')
}

/** The state as a block left it that is not saved yet: the task reads its own writes. */
function unsavedState(run: TaskRun): State | undefined {
  for (const { left, transaction } of run.blocks) if (left) return transaction.next
  return undefined
}

function heldBlock(run: TaskRun, core: TasksCore, lock: LockGuard): Held<AnyState> {
  const { transaction } = lock
  const mark = () => core.lockScope.enter(transaction)
  const get = (id: string) => {
    mark()
    return lock.left ? readonlyView(committedFields(core, run.token, unsavedState(run), id)) : transaction.get(id)
  }
  const dispose = async () => lock.leave((confirm) => core.clock.turn(confirm))
  return {
    get token() {
      return transaction.tokenForAuthor()
    },
    get state() {
      return get(run.definition)
    },
    get: ((other: Definition) => get(other.id)) as Held<AnyState>['get'],
    rollback: () => transaction.rollback(),
    get [Symbol.asyncDispose]() {
      mark() // `await using` looks here first
      lock.watch?.done()
      return dispose
    },
  }
}

function sleep(clock: Clock, { signal }: RunGuard, ms: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const wake = () => {
      signal.removeEventListener('abort', stop)
      resolve()
    }
    const stop = () => {
      cancelTimer()
      reject(signal.reason)
    }
    const cancelTimer = clock.after(ms, wake)
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
  })
}
