/**
 * Copies the log of the database (WAL) into its file once a second. It waits for the medium, which would block the event loop too
 * long, so it runs in a thread. After a checkpoint, earlier saves survive a power cut.
 *
 * Saves continue meanwhile, at the end of the log. If there are so many that the log only grows, they wait once until the file has
 * all of it, and the log starts over. While another program reads, the log cannot be copied; then the log itself is synced.
 */
import type { Worker } from 'node:worker_threads'
import { processLimits } from '../../base/server-limits.js'
import type { Driver } from './sqlite.js'
import { sqliteWorker } from './sqlite-worker.js'

/** `all`: nothing may be left in the log only. `last`: the thread exits afterwards. */
type Kind = 'some' | 'all' | 'last'

export class Checkpoints {
  private readonly worker: Worker
  private readonly waiting: ((failure: string | undefined) => void)[] = []
  private readonly exited: Promise<void>
  /** The thread has exited. */
  isClosed = false

  constructor(driver: Driver, file: string) {
    const { logPages, logPagesAtMost } = processLimits
    this.worker = sqliteWorker(driver, file, code, { logPages, logPagesAtMost })
    this.worker.on('message', (failure: string | undefined) => this.waiting.shift()?.(failure))
    this.worker.on('error', (error) => this.stop(String(error)))
    this.exited = new Promise((resolve) => {
      this.worker.on('exit', () => {
        this.stop('The thread has ended.')
        resolve()
      })
    })
  }

  /** Resolves when all earlier saves are on the medium, or with the reason why they are not. */
  run(kind: Kind = 'some'): Promise<string | undefined> {
    if (this.isClosed) return Promise.resolve('The thread has ended.')
    return new Promise((resolve) => {
      this.waiting.push(resolve)
      this.worker.postMessage(kind)
    })
  }

  /** The thread exits by itself: terminating it inside the package would stop the process. */
  async close(): Promise<void> {
    this.worker.ref()
    await this.run('last')
    await this.exited
  }

  private stop(failure: string): void {
    this.isClosed = true
    for (const tell of this.waiting.splice(0)) tell(failure)
  }
}

/** Never waits inside SQLite, where it would hold the lock that saves need. */
const code = `
const { openSync, fdatasyncSync, closeSync } = require('node:fs')
const checkpoint = (mode) => database.prepare('PRAGMA wal_checkpoint(' + mode + ')').all()[0]
const pause = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
let journal
function sync() {
  journal ??= openSync(file + '-wal', 'r+')
  fdatasyncSync(journal)
}
function cutOff() {
  for (let tries = 0; tries < 20; tries += 1) {
    if (!checkpoint('TRUNCATE').busy) return true
    pause(2)
  }
  return false
}
function bring(kind) {
  const { busy, log, checkpointed } = checkpoint('PASSIVE')
  const isWhole = !busy && log === checkpointed
  if (!isWhole) sync()
  const isCut = (kind === 'last' || (isWhole && log > given.logPages) || log > given.logPagesAtMost) && cutOff()
  if (kind === 'all' && !isWhole && !isCut && !cutOff()) throw new Error('another program reads the file')
}
parentPort.on('message', (kind) => {
  let failure
  try {
    bring(kind)
  } catch (error) {
    failure = String(error)
  }
  if (kind === 'last') {
    if (journal !== undefined) closeSync(journal)
    database.close()
  }
  parentPort.postMessage(failure)
  if (kind === 'last') parentPort.close()
})
`
