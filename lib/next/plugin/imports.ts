/**
 * What a state module gets for its imports while it is evaluated. Each is loaded when something looks into it: a database
 * that only handlers use is never opened here. What cannot be loaded is inert, and said if the evaluation fails.
 */
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { HeldStateError } from '../../base/errors.js'
import { bundle, reasonOf } from './compile.js'
import { type Steady, steadyCrypto, steadyFor } from './deterministic-globals.js'
import { inert, lazily } from './lazy-module.js'
import { otherStates } from './other-states.js'

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
  /** State modules of which the module exports everything, as it names them. */
  readonly whole: string[] = []
  private readonly given: ImportsOptions
  private readonly require: NodeJS.Require
  private readonly steady: Steady

  constructor(given: ImportsOptions) {
    this.given = given
    this.steady = steadyFor(given.file, given.source)
    this.require = createRequire(given.file)
  }

  /** Runs the CommonJS of the file, and returns its exports. */
  run(code: string): Module {
    return this.evaluate(code, (specifier, isWhole) => (isWhole ? this.exported(specifier) : this.import(specifier)))
  }

  private evaluate(code: string, require: (specifier: string, isWhole?: boolean) => unknown): Module {
    const module = { exports: {} as Module }
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

  /** What is exported whole has to show its names, so it is looked into at once. */
  private exported(specifier: string): unknown {
    if (isStateModule(specifier)) this.whole.push(specifier)
    if (isPlain(specifier)) return {}
    try {
      return this.loaded(specifier)
    } catch (error) {
      const sentence = `It exports all of "${specifier}", which could not be loaded: ${reasonOf(error)}`
      throw new HeldStateError('invalid-definition', sentence, { cause: error })
    }
  }

  /** `from` is empty where a file between the two names the other. */
  private import(specifier: string, from = specifier): unknown {
    if (specifier === 'heldstate') return this.given.authors
    if (specifier === 'server-only' || specifier === 'client-only') return {}
    if (isStateModule(specifier)) return otherStates(from)
    if (/^(node:)?crypto$/.test(specifier)) return steadyCrypto(this.require(specifier), this.steady)
    return lazily(() => this.load(specifier))
  }

  private load(specifier: string): unknown {
    try {
      return this.loaded(specifier)
    } catch (error) {
      this.problems.push(`"${specifier}" could not be loaded: ${reasonOf(error)}.`)
      return inert
    }
  }

  private loaded(specifier: string): unknown {
    return isOfProject(specifier) ? this.bundle(specifier, 'external') : this.package(specifier)
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
    return this.evaluate(code, (inner) => this.import(inner, '')).loaded
  }
}

/** Relative, absolute, or under one of the usual aliases: `@/`, `~/`, `#`. */
const isOfProject = (specifier: string) => /^(\.|\/|@\/|~|#)/.test(specifier)

/** What has nothing to export whole: other states are exported by their stubs, and of heldstate no state. */
const isPlain = (specifier: string) =>
  /^(heldstate|server-only|client-only|(node:)?crypto)$/.test(specifier) || isStateModule(specifier)

const isStateModule = (specifier: string) => /\.state(\.[jt]sx?)?$/.test(specifier)
