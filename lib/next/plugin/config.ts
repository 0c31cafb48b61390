/**
 * The config plugin: teaches Turbopack and webpack what a state module is. Both get the same two rules: a `*.state.ts` is
 * replaced by its stub unless it is asked for with `?real`, `heldstate-modules` by the list of all of them, and
 * `heldstate-app` by the name of the app.
 */
import { fileURLToPath } from 'node:url'
import type { NextConfig } from 'next'
import { HeldStateError } from '../../base/errors.js'
import { refuseUnknown } from '../../base/known-keys.js'
import { routePath } from '../request/route-path.js'
import { seeConfig, zoneKey, zoneOf } from './config-registry.js'
import { clients, nativeFiles } from './native-files.js'
import { staticExport } from './static-export.js'
import { warnOfUnserved } from './unserved.js'

type ConfigFunction = (phase: string, context: { defaultConfig: NextConfig }) => NextConfig | Promise<NextConfig>

const real = /[?&]real(?=&|$)/
const modulesFile = 'heldstate-modules.js'
const appFile = 'heldstate-app.js'
/** What instrumentation.ts brings in and Node must load itself: it asks for optional packages. */
const external = ['socket.io']
const loader = (name: string, config: NextConfig) => ({
  loader: fileURLToPath(new URL(`./${name}-loader.cjs`, import.meta.url)),
  options: { packages: config.transpilePackages ?? [], zone: zoneOf(config) },
})

export interface HeldStateConfig {
  /**
   * The path below which a proxy hands requests on to this app, where other apps share its origin: `/shop`. Pages then connect at
   * `/shop/_heldstate`. Default: the `basePath` of the config.
   */
  readonly zone?: string
}

/** Wraps a Next config: an object, a promise of one as some plugins give, or a function that gives either. */
export function withHeldState(config?: NextConfig, options?: HeldStateConfig): NextConfig
export function withHeldState(config: ConfigFunction, options?: HeldStateConfig): ConfigFunction
export function withHeldState(config: Promise<NextConfig>, options?: HeldStateConfig): Promise<NextConfig>
export function withHeldState(
  config: NextConfig | Promise<NextConfig> | ConfigFunction = {},
  options: HeldStateConfig = {},
): NextConfig | Promise<NextConfig> | ConfigFunction {
  refuseUnknown('invalid-definition', 'withHeldState', options, ['zone'])
  const { zone } = options
  const inZone = (given: NextConfig) => extend(zoned(given, zone))
  if (typeof config === 'function') return async (phase, context) => inZone(await config(phase, context))
  return isPromise(config) ? config.then(inZone) : inZone(config)
}

/** In the environment of the config, which the server of a standalone build has too. */
function zoned(config: NextConfig, zone: string | undefined): NextConfig {
  if (zone === undefined) return config
  if (!/^(\/[\w.~-]+)*$/.test(zone))
    throw new HeldStateError(
      'invalid-definition',
      `withHeldState: ${JSON.stringify(zone)} is not a zone. Use the path of the app, such as "/shop".`,
    )
  return { ...config, env: { ...config.env, [zoneKey]: zone } }
}

const isPromise = (config: NextConfig | Promise<NextConfig>): config is Promise<NextConfig> =>
  'then' in config && typeof config.then === 'function'

function extend(config: NextConfig): NextConfig {
  if (config.output === 'export') throw new HeldStateError('static-export', staticExport('next.config'))
  seeConfig(config)
  warnOfUnserved()
  return {
    ...config,
    turbopack: withRules(config),
    webpack: withWebpackRules(config),
    logging: quiet(config),
    outputFileTracingIncludes: withNativeFiles(config),
    serverExternalPackages: [...(config.serverExternalPackages ?? []), ...external, ...clients()],
  }
}

type Turbopack = NonNullable<NextConfig['turbopack']>
type Rules = NonNullable<Turbopack['rules']>

function withRules(config: NextConfig): Turbopack {
  const { turbopack } = config
  const stub = { condition: { all: [{ not: 'foreign' }, { not: { query: real } }] }, loaders: [loader('stub', config)] }
  const modules = { loaders: [loader('modules', config)] }
  const app = { loaders: [loader('app', config)] }
  const rules: Record<string, unknown> = { ...turbopack?.rules }
  for (const [glob, rule] of [
    ['*.state.ts', stub],
    ['*.state.tsx', stub],
    ['*.state.js', stub],
    ['*.state.jsx', stub],
    [modulesFile, modules],
    [appFile, app],
  ] as const)
    rules[glob] = appended(rules[glob], rule)
  return { ...turbopack, rules: rules as Rules }
}

/** A glob can have one rule or a list of them; those of the user stay. */
function appended(existing: unknown, rule: unknown): unknown {
  if (existing === undefined) return rule
  return Array.isArray(existing) ? [...existing, rule] : [existing, rule]
}

type Webpack = NonNullable<NextConfig['webpack']>

function withWebpackRules(config: NextConfig): Webpack {
  const { webpack } = config
  return (given, context) => {
    given.module.rules.push(
      {
        test: /\.state\.[jt]sx?$/,
        exclude: /node_modules/,
        resourceQuery: { not: [real] },
        enforce: 'pre',
        use: [loader('stub', config)],
      },
      { test: /[\\/]heldstate-modules\.js$/, use: [loader('modules', config)] },
      { test: /[\\/]heldstate-app\.js$/, use: [loader('app', config)] },
    )
    return webpack ? webpack(given, context) : given
  }
}

/** The route stands for the whole server here: what one route needs is there for all. */
function withNativeFiles({ outputFileTracingIncludes: given = {} }: NextConfig): Record<string, string[]> {
  return { ...given, [routePath]: [...(given[routePath] ?? []), ...nativeFiles()] }
}

/** In development the hub asks for its route before it dispatches; the terminal need not say so each time. */
function quiet({ logging }: NextConfig): NonNullable<NextConfig['logging']> | false {
  if (logging === false || logging?.incomingRequests === false) return logging
  const requests = logging?.incomingRequests === true ? undefined : logging?.incomingRequests
  const ignore = [...(requests?.ignore ?? []), new RegExp(`${routePath}/?$`)]
  return { ...logging, incomingRequests: { ...requests, ignore } }
}
