/**
 * Where the app's one route for heldstate lives: `app/api/heldstate/route.ts`. The app's config puts a base path before
 * it and a slash behind it; the plugin sees the config and leaves the whole path where the custom server, which has
 * another copy of this module at times, finds it. Not in the environment: Next resets that when a `.env` file is edited.
 */
export const routePath = '/api/heldstate'

export const routeKeyHeader = 'x-heldstate-key'

const key = Symbol.for('heldstate.route-path')
const process = globalThis as { [key]?: string }

export function setServedRoutePath({ basePath = '', trailingSlash = false }: RouteSurroundings): void {
  process[key] = `${basePath}${routePath}${trailingSlash ? '/' : ''}`
}

/** The path as requests name it. */
export const servedRoutePath = () => process[key] ?? routePath

interface RouteSurroundings {
  readonly basePath?: string | undefined
  readonly trailingSlash?: boolean | undefined
}
