/** A production server of the demo that a spec starts and kills itself, with a store of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from '@playwright/test'
import { freePort } from './fixture-app'

export class DemoServer {
  /** What it has written since it was started last. */
  output = ''
  private readonly dir = mkdtempSync(join(tmpdir(), 'heldstate-demo-'))
  private readonly env: Readonly<Record<string, string>>
  private readonly program: readonly string[]
  private port = 0
  private server: ChildProcess | undefined

  /** `program` is a file, and what follows it on its command line. */
  constructor(env: Readonly<Record<string, string>> = {}, ...program: readonly string[]) {
    this.env = env
    this.program = program.length > 0 ? program : ['server.ts']
  }

  get pid(): number | undefined {
    return this.server?.pid
  }

  url(path: string): string {
    return `http://localhost:${this.port}${path}`
  }

  async start(): Promise<void> {
    this.port ||= await freePort()
    const env = { ...process.env, NODE_ENV: 'production' as const, PORT: `${this.port}`, HELDSTATE_DIR: this.dir }
    const args = ['--import', 'tsx', ...this.program]
    this.output = ''
    this.server = spawn(process.execPath, args, { env: { ...env, ...this.env }, stdio: ['ignore', 'pipe', 'inherit'] })
    this.server.stdout?.on('data', (text) => {
      this.output += text
    })
    await expect.poll(() => this.output, { intervals: [50] }).toContain('ready on')
  }

  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.server?.kill(signal)
    if (this.server?.exitCode === null && !this.server.signalCode) await once(this.server, 'exit')
  }

  async remove(): Promise<void> {
    await this.end('SIGTERM')
    rmSync(this.dir, { recursive: true, force: true })
  }
}
