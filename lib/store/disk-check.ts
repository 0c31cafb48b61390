/**
 * Looks once whether the file of a database is whole, in a thread of its own: it reads all of it, a second or two for each gigabyte. Nobody
 * would notice otherwise that a disk has lost a page, until a tab comes that has something on it.
 */
import type { Worker } from 'node:worker_threads'
import type { Driver } from './sqlite.js'
import { sqliteWorker } from './sqlite-worker.js'

export class DiskCheck {
  private readonly worker: Worker
  /** What is wrong with it, if anything is; also when the check was ended before. */
  readonly fault: Promise<string | undefined>

  constructor(driver: Driver, file: string) {
    this.worker = sqliteWorker(driver, file, code)
    this.fault = new Promise((resolve) => {
      this.worker.on('message', resolve)
      this.worker.on('error', (error) => resolve(String(error)))
      this.worker.on('exit', () => resolve(undefined))
    })
  }

  async end(): Promise<void> {
    await this.worker.terminate()
  }
}

const code = `
database.exec('PRAGMA query_only = 1')
let fault
try {
  fault = Object.values(database.prepare('PRAGMA integrity_check(1)').all()[0])[0]
} catch (error) {
  fault = error.message
}
database.close()
parentPort.postMessage(fault === 'ok' ? undefined : fault)
`
