/**
 * Checks once whether the file of a database is intact. It reads the whole file, a second or two for each gigabyte, so it runs in a
 * process of its own. Otherwise a damaged page would go unnoticed until a tab needs it. (A thread would not do: terminating it inside
 * the package for Node 20 stops the process.)
 */
import { type ChildProcess, spawn } from 'node:child_process'
import type { Driver } from './sqlite.js'

export class IntegrityCheck {
  private readonly child: ChildProcess
  /** What is wrong with the file; `undefined` if nothing is, if it could not be checked, or if the check was stopped. */
  readonly fault: Promise<string | undefined>

  constructor({ module, export: name }: Driver, file: string) {
    this.child = spawn(process.execPath, ['-e', code, module, name, file], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, NODE_OPTIONS: '' },
    })
    this.child.unref()
    let said = ''
    this.child.stdout?.on('data', (data) => {
      said += data
    })
    this.fault = new Promise((resolve) => {
      this.child.on('error', () => resolve(undefined))
      this.child.on('close', () => resolve(said.trim() || undefined))
    })
  }

  close(): void {
    this.child.kill('SIGKILL')
  }
}

const code = `
const [module, name, file] = process.argv.slice(1)
const found = require(module)
const database = new (name === 'default' ? found : found[name])(file)
let said
try {
  database.exec('PRAGMA query_only = 1')
  said = Object.values(database.prepare('PRAGMA integrity_check(1)').all()[0])[0]
} catch ({ message }) {
  said = /malformed|corrupt|not a database/.test(message) ? message : 'ok'
}
if (said !== 'ok') process.stdout.write(said)
`
