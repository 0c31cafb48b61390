/**
 * The hub of this process, and the one process-wide slot that it stands in. The custom server and every bundle that Next makes hold copies of this
 * library; they share the process and meet here.
 */
import { HeldStateError } from '../base/errors.js'
import { version } from '../base/version.js'
import type { HeldToken } from '../state/self.js'
import type { HubRuntime } from './hub.js'
import type { BackgroundTask } from './public.js'

export interface Slot {
  readonly hub: HubRuntime
  /** What a request to the route that loads the state modules must carry, so that only this process can make one. */
  readonly routeKey: string
  /** Of the copy of the library that has made the hub. */
  readonly version: string
  /** Work that waits for a request to that route, taken once. */
  readonly takeJob?: (id: string) => (() => Promise<void>) | undefined
}

const key = Symbol.for('heldstate.slot')
const claimed = Symbol.for('heldstate.slot.claimed')
const globals = globalThis as { [key]?: Slot | undefined; [claimed]?: boolean }

/**
 * Whether the caller may make the hub of this process: nobody else has said that they will. A server of one's own starts
 * before the app's instrumentation, which then has nothing to do.
 */
export function claimSlot(): boolean {
  const free = !globals[claimed]
  globals[claimed] = true
  return free
}

/** Fills the slot; `undefined` empties it, and gives up the claim to it. */
export function setSlot(slot: Omit<Slot, 'version'> | undefined): void {
  globals[key] = slot && { ...slot, version }
  globals[claimed] = slot !== undefined
}

export function currentSlot(): Slot | undefined {
  return globals[key]
}

/** Throws `version-mismatch` if another version of the library has filled the slot. */
export function refuseOtherVersion(slot: Slot): void {
  if (slot.version === version) return
  throw new HeldStateError(
    'version-mismatch',
    `heldstate ${slot.version ?? '0.1.0 or older'} created the hub of this process, but heldstate ${version} is asking for it. Install one version for the server and the app: "npm ` +
      'ls heldstate" and "npx heldstate doctor" list the copies.',
  )
}

/** Throws `missing-hub` in the edge runtime of Next, which shares the process and nothing else with the hub. */
export function refuseEdge(): void {
  if ('EdgeRuntime' in globalThis) throw missingInEdge()
}

export const missingInEdge = (): HeldStateError =>
  new HeldStateError(
    'missing-hub',
    "This code runs in the edge runtime, which has no access to the state. Remove `runtime = 'edge'`: the default, 'nodejs', has the hub.",
  )

/** The hub of this process. */
export function currentHub(): HubRuntime {
  refuseEdge()
  const slot = globals[key]
  if (slot) {
    refuseOtherVersion(slot)
    return slot.hub
  }
  throw new HeldStateError(
    'missing-hub',
    'This process has no heldstate hub. Start the app with "heldstate dev", "heldstate start" or serve() from "heldstate/next", or attach it in instrumentation.ts: export { register } from \'heldstate/next/instrumentation\'.',
  )
}

/** The hub of this process, for server code that runs anywhere in it. Each throws `missing-hub` where there is none. */
export const hub = {
  /** Holds the lock of `token` to the end of the block: `await using held = await hub.lock(token)`. */
  lock: (token: string): Promise<HeldToken> => currentHub().lock(token),
  /** Whether there is a tab with this token, in any process: connected, or with something that is kept or known of it. */
  has: (token: string): Promise<boolean> => currentHub().has(token),
  /** The background tasks that run now. An entry leaves when its task has settled. */
  get backgroundTasks(): ReadonlySet<BackgroundTask> {
    return currentHub().backgroundTasks
  },
  /** Ends tasks, lets events finish, says farewell to tabs. Committed changes stay. */
  close: (): Promise<void> => currentHub().close(),
}
