/**
 * The mirror: what this tab knows of its state, in a zustand store. It changes in one place, `receive`, which is pure and
 * says what became of a message; whoever calls it acts.
 */
import { createStore, type StoreApi } from 'zustand/vanilla'
import { apply } from '../delta/apply.js'
import type { Delta, Resumed, Welcome } from '../protocol/down.js'
import type { Prediction } from './prediction.js'
import type { Waiting } from './retry.js'

/**
 * - `connecting`: the first connection is being made;
 * - `live`: the mirror follows the hub;
 * - `reconnecting`: the connection was lost and is being made again; the page shows what it knew last;
 * - `offline`: the browser is offline, or the hub refused this page for good.
 */
export type ConnectionStatus = 'connecting' | 'live' | 'reconnecting' | 'offline'

export interface Mirror {
  readonly status: ConnectionStatus
  /** While the connection is lost: which attempt comes next, and when. */
  readonly waiting: Waiting | undefined
  /** The page is live, and the server cannot reach what it keeps state in: changes wait. */
  readonly stalled: boolean
  readonly revision: number
  /** Views by position in the watch; a position without one has not arrived yet. */
  readonly views: ReadonlyMap<number, object>
  /** What is shown on top of the views, in the order of the calls, until the hub has spoken. */
  readonly predictions: readonly Prediction[]
}

const live = { status: 'live', waiting: undefined } as const

export type MirrorStore = StoreApi<Mirror>

export const emptyMirror: Mirror = {
  status: 'connecting',
  waiting: undefined,
  stalled: false,
  revision: 0,
  views: new Map(),
  predictions: [],
}

export const mirrorStore = (): MirrorStore => createStore<Mirror>(() => emptyMirror)

export type Received =
  | { readonly outcome: 'applied'; readonly mirror: Mirror }
  /** Already part of the mirror. */
  | { readonly outcome: 'duplicate' }
  /** Something before it is missing. */
  | { readonly outcome: 'gap' }

export function receive(mirror: Mirror, message: Welcome | Resumed | Delta): Received {
  if (message.type === 'welcome') {
    const views = new Map([...message.views.entries()].filter(([, view]) => view !== undefined)) as Mirror['views']
    return { outcome: 'applied', mirror: { ...mirror, ...live, stalled: false, revision: message.revision, views } }
  }
  if (message.type === 'resumed' && message.from !== mirror.revision) return { outcome: 'gap' }
  if (message.from !== mirror.revision) return { outcome: message.to > mirror.revision ? 'gap' : 'duplicate' }
  if (message.type === 'delta' && message.patches.length === 0 && message.to === mirror.revision)
    return { outcome: 'applied', mirror }
  try {
    const views = apply(mirror.views, message.patches) as Mirror['views']
    return { outcome: 'applied', mirror: { ...mirror, ...live, revision: message.to, views } }
  } catch {
    return { outcome: 'gap' } // a patch that does not fit means that the two sides differ
  }
}
