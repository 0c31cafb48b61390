/**
 * What a state module gets for its imports while it is evaluated. Each is loaded when something looks into it: a database
 * that only handlers use is never opened here. What cannot be loaded is inert, and said if the evaluation fails.
 */
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { trigger } from '../state/trigger.js'
import { bundle, reasonOf } from './compile.js'
import { inert, lazily } from './lazily.js'
import { type Steady, steadyCrypto, steadyFor } from './steady.js'

type Module = Readonly<Record<string, unknown>>

/** Reasons to try esbuild: an alias of the project that looks like a package, or a package for `import` only. */
const needsCompiling = new Set([
  'ERR_PACKAGE_PATH_NOT_EXPORTED',
  'ERR_REQUIRE_ASYNC_MODULE',
  'ERR_REQUIRE_ESM',
  'MODULE_NOT_FOUND',
])

export interface ImportsOptions {
  /** The state module: the one from whose place imports are resolved. */
  readonly file: string
  readonly source: string
  /** What it gets for `heldstate`. */
  readonly authors: unknown
  /** Hears of each file of the project that was run. */
  onLoad(file: string): void
}

export class Imports {
  /** Why imports could not be loaded, a sentence each. */
  readonly problems: string[] = []
  private readonly given: ImportsOptions
  private readonly require: NodeJS.Require
  private readonly steady: Steady

  constructor(given: ImportsOptions) {
    this.given = given
    this.steady = steadyFor(given.file, given.source)
    this.require = createRequire(given.file)
  }

  /** Runs a CommonJS module in place of the file, and returns its exports. */
  run(code: string): Module {
    const module = { exports: {} as Module }
    const require = (specifier: string) => this.import(specifier)
    const { file } = this.given
    const scope = {
      require,
      module,
      exports: module.exports,
      __filename: file,
      __dirname: dirname(file),
      ...this.steady,
    }
    // the inner function is the module's own scope, in which it may name something like what it is given
    new Function(...Object.keys(scope), `(function () {${code}\n})()`)(...Object.values(scope))
    return module.exports
  }

  private import(specifier: string): unknown {
    if (specifier === 'heldstate') return this.given.authors
    if (specifier === 'server-only' || specifier === 'client-only') return {}
    if (/\.state(\.[jt]sx?)?$/.test(specifier)) return otherStates
    if (/^(node:)?crypto$/.test(specifier)) return steadyCrypto(this.require(specifier), this.steady)
    return lazily(() => this.load(specifier))
  }

  private load(specifier: string): unknown {
    try {
      return isOfProject(specifier) ? this.bundle(specifier, 'external') : this.package(specifier)
    } catch (error) {
      this.problems.push(`"${specifier}" could not be loaded: ${reasonOf(error)}.`)
      return inert
    }
  }

  private package(specifier: string): unknown {
    try {
      return this.require(specifier)
    } catch (error) {
      if (!needsCompiling.has((error as NodeJS.ErrnoException).code ?? '')) throw error
      return this.bundle(specifier, 'bundle')
    }
  }

  private bundle(specifier: string, packages: 'bundle' | 'external'): unknown {
    const { code, files } = bundle(specifier, this.given.file, packages)
    for (const file of files) this.given.onLoad(file)
    return this.run(code).loaded
  }
}

/** Relative, absolute, or under one of the usual aliases: `@/`, `~/`, `#`. */
const isOfProject = (specifier: string) => /^(\.|\/|@\/|~|#)/.test(specifier)

/** Other state modules are references here as they are in the hub: enough to make triggers of. */
const otherStates = new Proxy(
  {},
  {
    get: (_, name) => {
      if (name === '__esModule') return true
      const make =
        (member: string | symbol) =>
        (...args: unknown[]) =>
          trigger(String(name), String(member), args)
      return { id: String(name), triggers: new Proxy({}, { get: (__, member) => make(member) }) }
    },
  },
)
