/** A redis of its own for a test: on a free port of this machine, in a folder that goes with it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from 'redis'

export class RedisServer {
  readonly port: number
  private readonly args: readonly string[]
  private readonly dir = mkdtempSync(join(tmpdir(), 'heldstate-redis-'))
  private process: ChildProcess | undefined

  private constructor(port: number, args: readonly string[]) {
    this.port = port
    this.args = args
  }

  /** `args` as on its command line. */
  static async start(...args: string[]): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), args)
    await server.start()
    return server
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  async start(): Promise<void> {
    const always = ['--port', `${this.port}`, '--bind', '127.0.0.1', '--dir', this.dir, '--save', '']
    const command = process.env.REDIS_SERVER ?? 'redis-server'
    const child = spawn(command, [...always, '--appendonly', 'no', ...this.args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.process = child
    let said = ''
    child.stdout?.on('data', (text) => (said += text))
    const failed = once(child, 'error').then(([error]) => {
      throw new Error(
        `These tests need redis-server 7 or newer, in the PATH or named by REDIS_SERVER: ${error.message}`,
      )
    })
    const ended = once(child, 'exit').then(() => {
      throw new Error(`redis-server has ended: ${said}`)
    })
    for (const end of [failed, ended]) end.catch(() => {})
    const answers = (async () => {
      while (!(await this.isUp())) await new Promise((resolve) => setTimeout(resolve, 10))
    })()
    await Promise.race([answers, failed, ended])
  }

  private isUp(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.port, '127.0.0.1', () => socket.write('PING\r\n'))
      socket.on('error', () => resolve(false))
      socket.on('data', (text) => {
        socket.destroy()
        resolve(/PONG|NOAUTH/.test(String(text)))
      })
    })
  }

  /** Over a connection of its own. */
  async command(...args: string[]): Promise<unknown> {
    const client = createClient({ url: this.url, RESP: 2 })
    await client.connect()
    try {
      return await client.sendCommand(args)
    } finally {
      client.destroy()
    }
  }

  /** It answers nothing, and its connections stay. */
  freeze(): void {
    this.process?.kill('SIGSTOP')
  }

  thaw(): void {
    this.process?.kill('SIGCONT')
  }

  /** What it has kept on its disk stays. */
  async end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.process
    this.process = undefined
    if (!child || child.exitCode !== null) return
    child.kill('SIGCONT')
    child.kill(signal)
    await once(child, 'exit')
  }

  async remove(): Promise<void> {
    await this.end()
    rmSync(this.dir, { recursive: true, force: true })
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
