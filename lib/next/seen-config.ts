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
const process = globalThis as { [key]?: Seen }

export function seeConfig({ basePath = '', trailingSlash = false, transpilePackages = [] }: NextConfig): void {
  process[key] = { routePath: `${basePath}${routePath}${trailingSlash ? '/' : ''}`, packages: transpilePackages }
}

/** The path of the route as requests name it: the config puts a base path before it and a slash behind it. */
export const servedRoutePath = () => process[key]?.routePath ?? routePath

/** Packages beside the app whose state modules are the app's too. */
export const statePackages = () => process[key]?.packages ?? []
