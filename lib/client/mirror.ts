/**
 * The mirror: what this tab knows of its state, in a zustand store. It changes in one place, `receive`, which is pure and
 * says what became of a message; the caller acts.
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
  /** Of the state that it shows, as far as the hub has said. */
  readonly birth: string | undefined
  /** The hub did not have the state of this page any more, and no call has changed the new one yet. */
  readonly lost: boolean
  /** Statuses of tasks, as they are in the views, that ran when the state was lost. */
  readonly interrupted: ReadonlySet<unknown>
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
  birth: undefined,
  lost: false,
  interrupted: new Set(),
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

/** Whether a welcome to the tab of `token` shows another state than the mirror: that one is lost. */
export function isOther({ revision, birth }: Mirror, token: string | undefined, message: Welcome): boolean {
  const isSame = message.token.split('.')[0] === token?.split('.')[0] // its signature may be another: secrets are replaced
  const isReborn = revision > 0 && birth !== undefined && message.birth !== undefined && birth !== message.birth
  return !isSame || isReborn || message.revision < revision
}

/** The state that the mirror showed is gone, and `next` shows another. */
export function lose(mirror: Mirror, next: Mirror): Mirror {
  const interrupted = new Set<unknown>()
  for (const [position, view] of mirror.views)
    for (const [name, before] of Object.entries(view)) {
      const now = (next.views.get(position) as Record<string, unknown> | undefined)?.[name]
      if (isRunning(before) && isIdle(now)) interrupted.add(now)
    }
  return { ...next, lost: true, interrupted }
}

const statusOf = (value: unknown) =>
  typeof value === 'object' && value !== null ? (value as { running?: unknown; outcome?: unknown }) : {}
const isRunning = (value: unknown) => Number(statusOf(value).running) > 0 && 'outcome' in statusOf(value)
const isIdle = (value: unknown) => statusOf(value).running === 0 && statusOf(value).outcome === null

export function receive(mirror: Mirror, message: Welcome | Resumed | Delta): Received {
  if (message.type === 'welcome') {
    const views = new Map([...message.views.entries()].filter(([, view]) => view !== undefined)) as Mirror['views']
    const { revision, birth } = message
    return { outcome: 'applied', mirror: { ...mirror, ...live, stalled: false, revision, birth, views } }
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
