/** The process that serves a visitor, and what a visitor may do to it. Only the supervisor of `npm run demo` starts one again. */
import { Refusal } from 'heldstate'

/** How a process can be hurt: killed at once, stopped for a while, or closed in order as at a deployment. */
export type Blow = 'kill' | 'freeze' | 'rollOut'

export interface Serving {
  /** Process id. */
  readonly pid: number
  /** Its letter among several. */
  readonly node: string
  /** How many processes serve the demo; 0 if nobody starts this one again. */
  readonly nodes: number
  /** Milliseconds until it may be hurt. */
  readonly restMs: number
}

/** Milliseconds between two blows to a process, over all visitors, and before the first one to a new process. */
const restMs = Number(process.env.DEMO_REST_MS ?? 10_000)
const frozenMs = 5_000
/** Milliseconds for the answer to reach the page. */
const lastWordsMs = 50
const nodes = Number(process.env.DEMO_SUPERVISED ?? 0)
let restsUntil = Date.now() - process.uptime() * 1_000 + restMs

export const serving = (): Serving => ({
  pid: process.pid,
  node: process.env.DEMO_NODE ?? '',
  nodes,
  restMs: Math.max(0, restsUntil - Date.now()),
})

/** Hurts this process in a moment; throws a `Refusal` if it may not be hurt yet, or if nobody would start it again. */
export function hurt(blow: Blow): void {
  if (nodes === 0) throw new Refusal('Nobody would start this server again: run the demo with npm run demo.')
  const { restMs: waitMs } = serving()
  if (waitMs > 0) throw new Refusal(`This process may be hurt again in ${Math.ceil(waitMs / 1_000)} seconds.`)
  restsUntil = Date.now() + restMs
  setTimeout(blows[blow], lastWordsMs)
}

const blows: Record<Blow, () => void> = {
  kill: () => process.kill(process.pid, 'SIGKILL'),
  rollOut: () => process.kill(process.pid, 'SIGTERM'),
  freeze: () => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, frozenMs), // the whole process stands
}
