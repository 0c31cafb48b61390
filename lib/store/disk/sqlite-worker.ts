/** A thread with a connection of its own to a database, for what would hold up the event loop. */
import { Worker } from 'node:worker_threads'
import type { Driver } from './sqlite.js'

/**
 * `code` is a text, since a bundler would not find a file of it. It has `database`, `parentPort` and `given`, and answers by messages. The thread
 * keeps no process alive.
 */
export function sqliteWorker({ module, export: name }: Driver, file: string, code: string, given: object = {}): Worker {
  const workerData = { module, name, file, given }
  const worker = new Worker(`${opening}${code}`, { eval: true, workerData, stdout: true, stderr: true })
  worker.unref()
  return worker
}

const opening = `
const { parentPort, workerData: { module, name, file, given } } = require('node:worker_threads')
const found = require(module)
const database = new (name === 'default' ? found : found[name])(file)
`
