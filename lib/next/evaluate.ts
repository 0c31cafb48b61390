/**
 * What a state module defines, learned by running it: the chain, the first values and the computed values, never a
 * handler. This happens where the module is compiled, so that every tab knows names and first values before the hub has
 * spoken. Imports are loaded when something touches them; a database that only handlers use is never opened here.
 */
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { buildSync, transformSync } from 'esbuild'
import { HeldStateError, messageOf } from '../base/errors.js'
import * as authors from '../doors/authors.js'
import type { Manifest } from '../protocol/manifest.js'
import { isServerDefinition } from '../state/define.js'
import { trigger } from '../state/trigger.js'

export interface Evaluated {
  /** Manifests by the names under which the module exports their definitions. */
  readonly manifests: Readonly<Record<string, Manifest>>
  /** Files of the project that were run on the way, and whose change changes the result. */
  readonly loaded: readonly string[]
}

export function evaluateStateModule(file: string, source: string): Evaluated {
  const loaded = new Set<string>()
  try {
    const { code } = transformSync(source, {
      loader: file.endsWith('x') ? 'tsx' : 'ts',
      format: 'cjs',
      target: 'node20',
      sourcefile: file,
    })
    const exports = run(code, file, (specifier) => importFor(specifier, file, loaded))
    const manifests = Object.entries(exports).flatMap(([name, value]) =>
      isServerDefinition(value) ? [[name, value.manifest] as const] : [],
    )
    return { manifests: Object.fromEntries(manifests), loaded: [...loaded] }
  } catch (error) {
    throw new HeldStateError('invalid-definition', `The state module ${file} cannot be used: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

function importFor(specifier: string, file: string, loaded: Set<string>): unknown {
  if (specifier === 'heldstate') return authors
  if (specifier === 'server-only' || specifier === 'client-only') return {}
  if (/\.state(\.tsx?|\.js)?$/.test(specifier)) return otherStates
  return lazily(() => load(specifier, file, loaded))
}

/** A module that is loaded by the first look into it. It has no keys of its own, so that copying it is no look. */
function lazily(load: () => Record<string, unknown>): unknown {
  let module: Record<string, unknown> | undefined
  const proxy: object = new Proxy(
    {},
    {
      get: (_, key) => {
        if (key === '__esModule') return true
        module ??= load()
        return key === 'default' ? (module.default ?? module) : module[key as string]
      },
      ownKeys: () => [],
      getPrototypeOf: () => proxy,
    },
  )
  return proxy
}

/** Other state modules are references here as they are in the hub: enough to make triggers of. */
const otherStates = new Proxy(
  {},
  {
    get: (_, name) => {
      if (name === '__esModule') return true
      const triggers = new Proxy(
        {},
        {
          get:
            (__, member) =>
            (...args: unknown[]) =>
              trigger(String(name), String(member), args),
        },
      )
      return { id: String(name), triggers }
    },
  },
)

function load(specifier: string, file: string, loaded: Set<string>): Record<string, unknown> {
  const require = createRequire(file)
  const isPackage = !/^[./@~#]/.test(specifier) || /^@[a-z0-9]/i.test(specifier)
  if (isPackage) {
    try {
      return require(specifier)
    } catch {
      // written as an ES module only, which this Node cannot require: compiled below
    }
  }
  const { outputFiles, metafile } = buildSync({
    stdin: {
      contents: `export * from ${JSON.stringify(specifier)}`,
      resolveDir: dirname(file),
      sourcefile: file,
      loader: 'ts',
    },
    bundle: true,
    write: false,
    metafile: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    logLevel: 'silent',
    ...(isPackage ? {} : { packages: 'external' as const }),
  })
  for (const input of Object.keys(metafile.inputs)) if (!input.includes('node_modules')) loaded.add(input)
  return run(outputFiles[0]?.text ?? '', file, (inner) => {
    if (inner === 'heldstate') return authors
    if (inner === 'server-only' || inner === 'client-only') return {}
    return require(inner)
  })
}

function run(code: string, file: string, require: (specifier: string) => unknown): Record<string, unknown> {
  const module = { exports: {} as Record<string, unknown> }
  new Function('require', 'module', 'exports', '__filename', '__dirname', code)(
    require,
    module,
    module.exports,
    file,
    dirname(file),
  )
  return module.exports
}
