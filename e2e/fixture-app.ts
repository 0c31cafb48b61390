/**
 * The fixture as an app of its own, with a package of its workspace beside it: a copy for each way of building, so that
 * builds do not share a folder and edits never touch the checkout. The copy lies inside the repository, which is
 * Turbopack's root, and is run from there, so that the app is not in the working directory.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

export interface Variant {
  /** The folder beside this file that is copied. Default: fixture. */
  readonly app?: 'cached'
  readonly bundler: 'turbopack' | 'webpack'
  readonly mode: 'production' | 'development'
  readonly basePath?: string
  readonly trailingSlash?: boolean
  /** Started by Next itself, to which instrumentation.ts attaches heldstate, and not by server.ts. */
  readonly attached?: 'next' | 'standalone'
  /** With the pages of mistakes, and another version of the library beside the app's. */
  readonly mistakes?: boolean
}

const here = dirname(fileURLToPath(import.meta.url))
const repository = dirname(here)
const next = join(repository, 'node_modules/next/dist/bin/next')

export async function freePort(): Promise<number> {
  const server = createServer().listen(0)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

export class FixtureApp {
  readonly dir: string
  /** What the server has written, on both of its streams. */
  output = ''
  url = ''
  /** How long a lock is waited for at most, if that is to be shorter than by default. */
  lockWaitMs = 0
  /** Of the cookie: in frames of other sites or not. */
  sameSite: 'lax' | 'none' = 'lax'
  private readonly variant: Variant
  private readonly original: string
  private readonly edited = new Set<string>()
  private server: ChildProcess | undefined

  /** A fresh copy, or the one that is there already, with its build. */
  constructor(variant: Variant, name = `${variant.bundler}-${variant.mode}`, from: 'fresh' | 'present' = 'fresh') {
    this.variant = variant
    this.dir = join(here, '.fixture', name)
    this.original = join(here, variant.app ?? 'fixture')
    if (from === 'fresh' || !this.isBuilt) this.copy()
  }

  /** Whether `next build` has made what production needs. */
  get isBuilt(): boolean {
    return existsSync(join(this.dir, '.next/BUILD_ID'))
  }

  private copy(): void {
    const { variant } = this
    rmSync(this.dir, { recursive: true, force: true })
    cpSync(this.original, this.dir, { recursive: true })
    mkdirSync(join(this.dir, 'node_modules'))
    if (variant.mistakes) this.addMistakes()
    rmSync(join(this.dir, 'mistakes'), { recursive: true, force: true })
    if (!variant.app) this.addPackage()
    this.edit('tsconfig.json', (text) => text.replace('../../tsconfig', '../../../tsconfig'))
    if (variant.attached) {
      this.remove('server.ts')
      this.write('instrumentation.ts', `export { register } from 'heldstate/next/instrumentation'\n`)
    }
    this.edited.clear()
  }

  private addPackage(): void {
    const beside = `${this.dir}-package`
    rmSync(beside, { recursive: true, force: true })
    renameSync(join(this.dir, 'beside'), beside)
    symlinkSync(beside, join(this.dir, 'node_modules/fixture-package'))
  }

  private addMistakes(): void {
    renameSync(join(this.dir, 'mistakes'), join(this.dir, 'app/mistakes'))
    const other = join(this.dir, 'node_modules/other-heldstate')
    for (const name of ['dist', 'package.json'])
      cpSync(join(repository, 'lib', name), join(other, name), { recursive: true })
    for (const name of ['dist/base/version.js', 'package.json'])
      writeFileSync(join(other, name), readFileSync(join(other, name), 'utf8').replace(/0\.1\.\d+/, '0.0.1'))
  }

  /** `next build`. */
  async build(): Promise<void> {
    const args = [next, 'build', this.dir, `--${this.variant.bundler}`]
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      cwd: repository,
      env: this.env,
      timeout: 120_000,
    })
    this.output = stdout
    if (this.variant.attached === 'standalone')
      cpSync(join(this.dir, '.next/static'), join(this.standalone, '.next/static'), { recursive: true })
  }

  /** Starts the server on a port that is free; resolves when it is ready, and rejects with its output if it ends before. */
  async start(port = 0): Promise<void> {
    const { attached } = this.variant
    const chosen = attached && port === 0 ? await freePort() : port // the server of a standalone build takes 0 for 3000
    const server = spawn(process.execPath, [...this.command], {
      cwd: attached ? this.dir : repository,
      env: { ...this.env, PORT: String(chosen) },
    })
    this.server = server
    this.output = ''
    await new Promise<void>((resolve, reject) => {
      const hear = (data: Buffer) => {
        this.output += data
        const ready = (attached ? /Local: +(\S+)[\s\S]*Ready in/ : /ready on (\S+)/).exec(this.output)
        if (!ready) return
        this.url = `${ready[1]}${this.variant.basePath ?? ''}`
        resolve()
      }
      server.stdout.on('data', hear)
      server.stderr.on('data', hear)
      server.once('exit', (code) => reject(new Error(`The server ended with ${code}: ${this.output}`)))
    })
  }

  get runs(): boolean {
    return this.server !== undefined && this.server.exitCode === null
  }

  /** Ends the server; the milliseconds until the process is gone. SIGUSR2 makes it call `close()` and nothing more. */
  async stop(signal: 'SIGTERM' | 'SIGUSR2' = 'SIGTERM'): Promise<number> {
    const { server } = this
    this.server = undefined
    if (!server || server.exitCode !== null) return 0
    const began = performance.now()
    const ended = once(server, 'exit')
    const cut = setTimeout(() => server.kill('SIGKILL'), 20_000)
    server.kill(signal)
    await ended
    clearTimeout(cut)
    return performance.now() - began
  }

  get port(): number {
    return Number(new URL(this.url).port)
  }

  /** Ends the process at once, as a crash does. */
  async kill(): Promise<void> {
    const { server } = this
    this.server = undefined
    if (!server) return
    const ended = once(server, 'exit')
    server.kill('SIGKILL')
    await ended
  }

  /** The process stands still until it thaws; its sockets stay open. */
  freeze(): void {
    this.server?.kill('SIGSTOP')
  }

  thaw(): void {
    this.server?.kill('SIGCONT')
  }

  read(name: string): string {
    return readFileSync(join(this.dir, name), 'utf8')
  }

  /** Changes a file; `restore` brings it back. */
  edit(name: string, change: (text: string) => string): void {
    const before = this.read(name)
    const after = change(before)
    if (after === before) throw new Error(`The edit of ${name} changed nothing.`)
    this.write(name, after)
  }

  write(name: string, text: string): void {
    this.edited.add(name)
    mkdirSync(dirname(join(this.dir, name)), { recursive: true })
    writeFileSync(join(this.dir, name), text)
  }

  /** A file, or a folder with all that is in it. */
  remove(name: string): void {
    this.edited.add(name)
    rmSync(join(this.dir, name), { recursive: true })
  }

  /** Brings all files back to those of the fixture, the last edited first. */
  restore(): void {
    for (const name of [...this.edited].reverse()) {
      const original = join(this.original, name)
      if (existsSync(original)) cpSync(original, join(this.dir, name), { recursive: true })
      else rmSync(join(this.dir, name))
    }
    this.edited.clear()
  }

  /** The text of all files below a folder of the build. */
  built(folder: 'static' | 'server'): string {
    const dist = join(this.dir, this.variant.mode === 'production' ? '.next' : '.next/dev', folder)
    return readdirSync(dist, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
      .join('\n')
  }

  /** Where Next puts the app in a standalone build: below the root of the repository. */
  get standalone(): string {
    return join(this.dir, '.next/standalone', relative(repository, this.dir))
  }

  private get command(): readonly string[] {
    const { attached, mode, bundler } = this.variant
    if (attached === 'standalone') return [join(this.standalone, 'server.js')]
    if (attached) return mode === 'production' ? [next, 'start'] : [next, 'dev', `--${bundler}`]
    return ['--import', 'tsx', join(this.dir, 'server.ts')]
  }

  private get env(): NodeJS.ProcessEnv {
    const { bundler, mode, basePath = '', trailingSlash = false } = this.variant
    const { HELDSTATE_DIST_DIR: _, ...env } = process.env
    return {
      ...env,
      NODE_ENV: mode,
      NEXT_TELEMETRY_DISABLED: '1',
      HELDSTATE_DIR: join(this.dir, `.heldstate-${process.pid}`), // workers share a build, and no state
      FIXTURE_BUNDLER: bundler,
      FIXTURE_STANDALONE: String(this.variant.attached === 'standalone'),
      FIXTURE_BASE_PATH: basePath,
      FIXTURE_TRAILING_SLASH: String(trailingSlash),
      FIXTURE_LOCK_WAIT_MS: String(this.lockWaitMs),
      FIXTURE_SAME_SITE: this.sameSite,
      FIXTURE_SECRET: 'planted-secret-20',
    }
  }
}

/**
 * The app of a variant with its production build, which the specs of one run share: the first that asks makes it, the others
 * wait. Each starts and stops a server of its own.
 */
export async function builtApp(variant: Variant): Promise<FixtureApp> {
  const run = join(here, '.fixture', `built-by-${process.ppid}`) // the workers of a run have one parent
  if (isFirst(run)) {
    const app = new FixtureApp(variant)
    await app.build()
    writeFileSync(join(run, 'done'), '')
    return app
  }
  while (!existsSync(join(run, 'done'))) await new Promise((resolve) => setTimeout(resolve, 200))
  return new FixtureApp(variant, undefined, 'present')
}

/** Makes a folder; whether nobody had made it. */
function isFirst(folder: string): boolean {
  mkdirSync(dirname(folder), { recursive: true })
  try {
    mkdirSync(folder)
    return true
  } catch {
    return false
  }
}
