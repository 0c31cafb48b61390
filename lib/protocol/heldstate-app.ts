/**
 * Which app this code is compiled into. The loader of the plugin puts the app's own values instead of this file, for pages and for the
 * route by which the hub loads the state modules, so both come from one build; its name is how the bundlers find it.
 */

export interface HeldApp {
  /** The path below which requests reach this app, where it shares its origin with others: `/shop`, or empty. */
  readonly zone: string
  /** Names the app over all its builds: the zone, and a hash of the name of its package. */
  readonly id?: string
}

export const heldApp: HeldApp = { zone: '' }
