/**
 * Brings what was saved from the log of the database (WAL) to its file, once a second, in a thread of its own: it waits for the medium,
 * which can take longer than the event loop should stand still. After it, what was saved before survives a power cut.
 *
 * Saves go on meanwhile, at the end of the log. If they are so many that the log only grows, they are made to wait once until all of it is
 * in the file, and it begins anew.
 */
import type { Worker } from 'node:worker_threads'
import { fixedLimits } from '../base/server-limits.js'
import type { Driver } from './sqlite.js'
import { sqliteWorker } from './sqlite-worker.js'

export class Checkpoints {
  private readonly worker: Worker
  private readonly waiting: ((failure: string | undefined) => void)[] = []
  private ended = false

  constructor(driver: Driver, file: string) {
    const { logPages, logPagesAtMost } = fixedLimits
    this.worker = sqliteWorker(driver, file, code, { logPages, logPagesAtMost })
    this.worker.on('message', (failure: string | undefined) => this.waiting.shift()?.(failure))
    this.worker.on('error', (error) => this.stop(String(error)))
    this.worker.on('exit', () => this.stop('The thread has ended.'))
  }

  /** Done when all that was saved before is in the file and on the medium. Gives why not, if it is not. */
  run(isLast = false): Promise<string | undefined> {
    if (this.ended) return Promise.resolve('The thread has ended.')
    return new Promise((resolve) => {
      this.waiting.push(resolve)
      this.worker.postMessage(isLast)
    })
  }

  async end(): Promise<void> {
    await this.run(true)
    await this.worker.terminate()
  }

  private stop(failure: string): void {
    this.ended = true
    for (const tell of this.waiting.splice(0)) tell(failure)
  }
}

const code = `
database.exec('PRAGMA busy_timeout = 5000')
const run = (mode) => database.prepare('PRAGMA wal_checkpoint(' + mode + ')').all()[0]
parentPort.on('message', (isLast) => {
  let failure
  try {
    const { log, checkpointed } = run('PASSIVE')
    if (isLast || (log === checkpointed && log > given.logPages) || log > given.logPagesAtMost) run('TRUNCATE')
  } catch (error) {
    failure = String(error)
  }
  parentPort.postMessage(failure)
})
`
