/**
 * Looks once whether the file of a database is whole, in a thread of its own: it reads all of it, a second or two for each gigabyte. Nobody
 * would notice otherwise that a disk has lost a page, until a tab comes that has something on it.
 */
import { Worker } from 'node:worker_threads'
import type { Driver } from './sqlite.js'

export class DiskCheck {
  private readonly worker: Worker
  /** What is wrong with it, if anything is; also when the check was ended before. */
  readonly fault: Promise<string | undefined>

  constructor({ module, export: name }: Driver, file: string) {
    this.worker = new Worker(code, { eval: true, workerData: { module, name, file }, stdout: true, stderr: true })
    this.worker.unref()
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

/** Text, since a bundler would not find a file of it. */
const code = `
const { parentPort, workerData } = require('node:worker_threads')
const { module, name, file } = workerData
const found = require(module)
const database = new (name === 'default' ? found : found[name])(file)
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
