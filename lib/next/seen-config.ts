/**
 * What the plugin has seen of the app's config. It leaves it where the custom server, which has another copy of this module
 * at times, finds it. Not in the environment: Next resets that when a `.env` file is edited.
 */
import type { NextConfig } from 'next'
import { routePath } from './route-path.js'

interface Seen {
  readonly routePath: string
  readonly packages: readonly string[]
}

const key = Symbol.for('heldstate.seen-config')
const seen = globalThis as { [key]?: Seen }

export function seeConfig({ basePath = '', trailingSlash = false, transpilePackages = [] }: NextConfig): void {
  seen[key] = { routePath: `${basePath}${routePath}${trailingSlash ? '/' : ''}`, packages: transpilePackages }
}

/** The server of `output: 'standalone'` has no next.config: what the build made of it is in the environment. */
export function seeStandaloneConfig(built = process.env.__NEXT_PRIVATE_STANDALONE_CONFIG): void {
  if (!seen[key] && built !== undefined) seeConfig(JSON.parse(built) as NextConfig)
}

/** The path of the route as requests name it: the config puts a base path before it and a slash behind it. */
export const servedRoutePath = () => seen[key]?.routePath ?? routePath

/** Packages beside the app whose state modules are the app's too. */
export const statePackages = () => seen[key]?.packages ?? []
