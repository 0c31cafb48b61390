/** One process of the demo, which is started again when it ends. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'

export class DemoNode {
  /**
   * `env` beyond that of this process; `awayMs` is how long it stays away when it was killed. `say` hears what it writes,
   * and `changed` when it has begun to serve or has ended.
   */
  constructor({ name, port, env, awayMs, say, changed = () => {} }) {
    Object.assign(this, { name, port, env, awayMs, say, changed })
    this.starts = 0
    this.ending = false
  }

  get pid() {
    return this.child?.pid
  }

  /** Resolves when it serves; throws if it never does. */
  async start() {
    this.starts += 1
    const child = spawn(process.execPath, ['--import', 'tsx', 'server.ts'], {
      env: {
        ...process.env,
        NODE_ENV: 'production',
        PORT: String(this.port),
        DEMO_NODE: this.name,
        DEMO_STARTS: String(this.starts),
        ...this.env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true, // Ctrl-C reaches the supervisor alone, which ends its processes in order
    })
    this.child = child
    let serves = false
    const ended = once(child, 'exit')
    const ready = new Promise((resolve) => {
      const hear = (text) => {
        const said = String(text).trim()
        if (said.includes('ready on')) {
          serves = true
          resolve()
        } else if (said !== '') this.say(this.name, said)
      }
      child.stdout.on('data', hear)
      child.stderr.on('data', hear)
    })
    await Promise.race([ready, ended])
    if (!serves) {
      if (this.ending) return
      const [code, signal] = await ended
      if (signal === null)
        throw new Error(`Process ${child.pid} of ${this.name} ended with code ${code} before it served.`)
    } else this.changed(this, 'serves')
    void ended.then(([code, signal]) => this.again(signal ?? `code ${code}`))
  }

  async again(how) {
    if (this.ending) return
    this.changed(this, 'ended', how)
    await setTimeout(how === 'code 0' ? 0 : this.awayMs)
    if (!this.ending) await this.start()
  }

  /** Closes it in order. */
  async end() {
    this.ending = true
    const { child } = this
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGCONT') // it may have been stopped
    child.kill('SIGTERM')
    await ended
  }
}
