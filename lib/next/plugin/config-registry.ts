/**
 * What the plugin has seen of the app's config. It leaves it where the custom server, which has another copy of this module
 * at times, finds it. Not in the environment: Next resets that when a `.env` file is edited.
 */
import type { NextConfig } from 'next'
import type { Log } from '../../base/log.js'
import { routePath } from '../request/route-path.js'

interface Seen {
  readonly routePath: string
  readonly packages: readonly string[]
  readonly devOrigins: readonly string[]
  readonly zone: string
}

/** Where the config keeps what `withHeldState` was given as the zone. */
export const zoneKey = 'HELDSTATE_ZONE'

/** The path below which requests reach the app. */
export const zoneOf = ({ basePath = '', env }: NextConfig): string => env?.[zoneKey] ?? basePath

const key = Symbol.for('heldstate.seen-config')
const seen = globalThis as { [key]?: Seen }

export function seeConfig(config: NextConfig): void {
  const { basePath = '', trailingSlash = false, transpilePackages = [], allowedDevOrigins = [] } = config
  seen[key] = {
    routePath: `${basePath}${routePath}${trailingSlash ? '/' : ''}`,
    packages: transpilePackages,
    devOrigins: allowedDevOrigins,
    zone: zoneOf(config),
  }
}

/** Tells the developer once Next has its config. In production a config may be missing with good reason: the build had it. */
export function warnOfUnwrapped(development: boolean, log: Log): void {
  if (!development || seen[key]) return
  log.error(
    'The config of this app is not wrapped, so its state modules are sent to the browser and do not work. ' +
      'In next.config: export default withHeldState({ ... }), from "heldstate/next".',
  )
}

/** The server of `output: 'standalone'` has no next.config: what the build made of it is in the environment. */
export function seeStandaloneConfig(built = process.env.__NEXT_PRIVATE_STANDALONE_CONFIG): void {
  if (!seen[key] && built !== undefined) seeConfig(JSON.parse(built) as NextConfig)
}

/** The path of the route as requests name it: the config puts a base path before it and a slash behind it. */
export const servedRoutePath = () => seen[key]?.routePath ?? routePath

/** The path below which requests reach the app, where it shares its origin with others; else empty. */
export const servedZone = () => seen[key]?.zone ?? ''

/** Packages next to the app whose state modules are the app's too. */
export const statePackages = () => seen[key]?.packages ?? []

/** Names of hosts, other than those of this machine, at which the app may be opened in development. */
export const devOrigins = () => seen[key]?.devOrigins ?? []
