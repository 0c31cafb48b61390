/**
 * What a state module gets for its imports while it is evaluated. Each is loaded when something looks into it: a database
 * that only handlers use is never opened here. What cannot be loaded is inert, and said if the evaluation fails.
 */
import { existsSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { HeldStateError } from '../../base/errors.js'
import { bundle, isFailedBuild, reasonOf } from './compile.js'
import { type Steady, steadyCrypto, steadyFor } from './deterministic-globals.js'
import { inert, lazily } from './lazy-module.js'
import { knowWhole, otherStates, type Place, Unclear } from './other-states.js'

type Module = Readonly<Record<string, unknown>>
/** `isWhole` of what is exported whole; `file` is the one that asks, in a bundle. */
type Require = (specifier: string, isWhole?: boolean, file?: string) => unknown

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

  /** Runs the CommonJS of the file, and returns its exports. */
  run(code: string): Module {
    return this.evaluate(code, (specifier, isWhole) => (isWhole ? this.exported(specifier) : this.import(specifier)))
  }

  private evaluate(code: string, require: Require): Module {
    const module = { exports: {} as Module }
    const { file } = this.given
    const scope = {
      require,
      module,
      exports: module.exports,
      __filename: file,
      __dirname: dirname(file),
      __knowWhole: knowWhole,
      ...this.steady,
    }
    // the inner function is the module's own scope, in which it may name something like what it is given
    new Function(...Object.keys(scope), `(function () {${code}\n})()`)(...Object.values(scope))
    return module.exports
  }

  /** What is exported whole has to show its names, so it is looked into at once. */
  private exported(specifier: string): unknown {
    if (isStateModule(specifier)) return otherStates(specifier)
    if (isPlain(specifier)) return {}
    try {
      return this.loaded(specifier)
    } catch (error) {
      const sentence = `It exports all of "${specifier}", which could not be loaded: ${reasonOf(error)}`
      throw new HeldStateError('invalid-definition', sentence, { cause: error })
    }
  }

  private import(specifier: string, place: Place = specifier): unknown {
    if (specifier === 'heldstate') return this.given.authors
    if (specifier === 'server-only' || specifier === 'client-only') return {}
    if (isStateModule(specifier)) return otherStates(place)
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
      return this.isLinked(specifier) ? this.sources(specifier) : this.require(specifier)
    } catch (error) {
      if (!needsCompiling.has((error as NodeJS.ErrnoException).code ?? '')) throw error
      return this.bundle(specifier, 'bundle')
    }
  }

  /** Whether it is of a package of the workspace, whose sources may be no JavaScript yet. */
  private isLinked(specifier: string): boolean {
    const name = /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier
    const places = (this.require.resolve.paths(specifier) ?? []).map((place) => join(place, name))
    const folder = places.find((place) => existsSync(place))
    return folder !== undefined && !realpathSync(folder).split(sep).includes('node_modules')
  }

  private sources(specifier: string): unknown {
    const file = this.require.resolve(specifier)
    try {
      return this.bundle(file, 'external')
    } catch (error) {
      if (isFailedBuild(error)) return this.require(specifier)
      throw error
    }
  }

  private bundle(specifier: string, packages: 'bundle' | 'external'): unknown {
    const { code, files } = bundle(specifier, this.given.file, packages)
    for (const file of files) this.given.onLoad(file)
    const within = (inner: string, isWhole?: boolean, file?: string) => {
      if (isStateModule(inner)) return this.import(inner, this.placeOf(inner, file))
      return isWhole && !isOfProject(inner) && !isPlain(inner) && this.isLinked(inner)
        ? this.exported(inner)
        : this.import(inner)
    }
    return this.evaluate(code, within).loaded
  }

  /** What another file names by a path, as it is named from the place of the state module. */
  private placeOf(specifier: string, file: string | undefined): Place {
    if (!specifier.startsWith('.')) return specifier
    const name = specifier.replace(/^.*\//, '')
    if (file === undefined) return new Unclear(`another file has from "${specifier}". Name that`, `'./that/${name}'`)
    return pathFrom(dirname(this.given.file), resolve(dirname(file), specifier))
  }
}

function pathFrom(folder: string, file: string): string {
  const path = relative(folder, file).split(sep).join('/')
  return path.startsWith('.') ? path : `./${path}`
}

/** Relative, absolute, or under one of the usual aliases: `@/`, `~/`, `#`. */
const isOfProject = (specifier: string) => /^(\.|\/|@\/|~|#)/.test(specifier)

/** What has nothing to export whole: other states are exported by their stubs, and of heldstate no state. */
const isPlain = (specifier: string) =>
  /^(heldstate|server-only|client-only|(node:)?crypto)$/.test(specifier) || isStateModule(specifier)

const isStateModule = (specifier: string) => /\.state(\.[jt]sx?)?$/.test(specifier)
