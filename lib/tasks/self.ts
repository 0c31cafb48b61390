/** The `self` of a background task: closures over its run, so that an author can destructure it. */
import type { Clock } from '../base/clock.js'
import { promised } from '../base/eventually.js'
import { readonlyView } from '../delta/view.js'
import type { Access } from '../instance/exclusive.js'
import { HandlerContext } from '../instance/handler-context.js'
import { lineHere, UsingWatch } from '../instance/using-watch.js'
import type { Permit } from '../instance/write-guard.js'
import type { Definition } from '../state/definition.js'
import type { Held, Self } from '../state/self.js'
import type { State } from '../store/store.js'
import { HeldBlock } from './block.js'
import type { TaskRun } from './run.js'
import { OpenCalls, PutIn } from './slips.js'

type AnyState = object

export function selfOf(run: TaskRun, access: Access): Self<AnyState> {
  const { permit, token, definition } = run
  const newest = (id: string) => {
    const state = pending(run)
    run.looked(state ?? access.state())
    return readonlyView(access.snapshot(state, id))
  }
  const open = new OpenCalls(access.log, run.where)
  const putIn = lineHere() && new PutIn(access.log, run.where)
  if (putIn)
    void run.settled.then(() => {
      putIn.look()
      if (run.phase.name === 'done') open.end()
    })

  return {
    get token() {
      access.handedOut()
      return token
    },
    run: run.id,
    attempt: run.attempt,
    signal: permit.signal as AbortSignal,
    get state() {
      return newest(definition)
    },
    get: ((other: Definition) => newest(other.id)) as Self<AnyState>['get'],
    lock: () => {
      const line = lineHere()
      return open.note(
        'lock',
        line,
        promised(() => {
          permit.check()
          sayUnused(run)
          run.confirmBlocks()
          return access.lock(permit).then((transaction) => {
            run.looked(transaction.next)
            putIn?.next(transaction)
            const block = new HeldBlock(run, transaction)
            block.watch = line && new UsingWatch(access, run.where, line)
            return heldBlock(run, access, block)
          })
        }),
      )
    },
    update: (change) =>
      open.note(
        'update',
        lineHere(),
        promised(() => {
          permit.check()
          sayUnused(run)
          run.confirmBlocks()
          return access.update(permit, change, (transaction) => {
            run.looked(transaction.next)
            putIn?.next(transaction)
            return change(transaction.get(definition), new HandlerContext(definition, transaction))
          })
        }),
      ),
    sleep: (ms) => {
      run.confirmBlocks()
      return sleep(access.clock, permit, ms)
    },
    progress: (fraction, note) => {
      run.confirmBlocks()
      run.report(fraction, note)
    },
  }
}

/** A block that its task has forgotten would be waited for in vain. */
function sayUnused(run: TaskRun): void {
  for (const { left, watch } of run.blocks) if (!left) watch?.say('waits for itself here')
}

/** The snapshot of a block that the task has left and that is not saved yet: the task reads its own writes. */
function pending(run: TaskRun): State | undefined {
  for (const block of run.blocks) if (block.left) return block.transaction.next
  return undefined
}

function heldBlock(run: TaskRun, access: Access, block: HeldBlock): Held<AnyState> {
  const { transaction } = block
  const mark = () => access.mark(transaction)
  const get = (id: string) => {
    mark()
    return block.left ? readonlyView(access.snapshot(pending(run), id)) : transaction.get(id)
  }
  const dispose = async () => block.leave((confirm) => access.clock.turn(confirm))
  return {
    get token() {
      return transaction.handOut()
    },
    get state() {
      return get(run.definition)
    },
    get: ((other: Definition) => get(other.id)) as Held<AnyState>['get'],
    rollback: () => transaction.rollback(),
    get [Symbol.asyncDispose]() {
      mark() // `await using` looks here first
      block.watch?.done()
      return dispose
    },
  }
}

function sleep(clock: Clock, permit: Permit, ms: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const { signal } = permit
    const wake = () => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }
    const stop = () => {
      cancelTimer()
      reject(signal?.reason)
    }
    const cancelTimer = clock.after(ms, wake)
    signal?.addEventListener('abort', stop, { once: true })
    if (signal?.aborted) stop()
  })
}
