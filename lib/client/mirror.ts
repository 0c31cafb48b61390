/**
 * The mirror: what this page knows of its states, in a zustand store. It changes in one place, `receive`, which is pure and
 * says what became of a message; the caller acts.
 */
import { createStore, type StoreApi } from 'zustand/vanilla'
import { apply } from '../delta/apply.js'
import { ContinuedText } from '../protocol/continued-text.js'
import type { Change, Resumed, Welcome } from '../protocol/down.js'
import type { Prediction } from './prediction.js'
import { none } from './predictions.js'
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
  /** Changes that wait for the connection; 0 while the page is live. */
  readonly unsettled: number
  /** By the number of the subscription; that of the tab itself is 0. */
  readonly shown: ReadonlyMap<number, Shown>
}

/** What the page knows of the state of one address. */
export interface Shown {
  readonly revision: number
  /** Of the state that it shows, as far as the hub has said. */
  readonly birth: string | undefined
  /** The hub did not have the state that the page knew any more, and no call has changed the new one yet. */
  readonly lost: boolean
  /** Statuses of tasks, as they are in the views, that ran when the state was lost. */
  readonly interrupted: ReadonlySet<unknown>
  /** Views by position in the watch; a position without one has not arrived yet. */
  readonly views: ReadonlyMap<number, object>
  /** What is shown on top of the views, in the order of the calls, until the hub has spoken. */
  readonly predictions: readonly Prediction[]
}

export type MirrorStore = StoreApi<Mirror>

const emptyShown: Shown = {
  revision: 0,
  birth: undefined,
  lost: false,
  interrupted: new Set(),
  views: new Map(),
  predictions: none,
}

export const emptyMirror: Mirror = {
  status: 'connecting',
  waiting: undefined,
  stalled: false,
  unsettled: 0,
  shown: new Map(),
}

/** What is shown of a subscription; of the tab itself by default. */
export const shownOf = ({ shown }: Mirror, subscription = 0): Shown => shown.get(subscription) ?? emptyShown

export const mirrorStore = (): MirrorStore => createStore<Mirror>(() => emptyMirror)

export type Received =
  | { readonly outcome: 'applied'; readonly shown: Shown }
  /** Already part of what is shown. */
  | { readonly outcome: 'duplicate' }
  /** Something before it is missing. */
  | { readonly outcome: 'gap' }

/** Whether a welcome is of another state than what is shown: that one is lost. */
export function isOther({ revision, birth }: Shown, message: Welcome): boolean {
  const isReborn = revision > 0 && birth !== undefined && message.birth !== undefined && birth !== message.birth
  return isReborn || message.revision < revision
}

/** The state that was shown is gone, and `next` is another. */
export function lose(shown: Shown, next: Shown): Shown {
  const interrupted = new Set<unknown>()
  for (const [position, view] of shown.views)
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

/** `continued` notes the text that grew last in changes. */
export function receive(shown: Shown, message: Welcome | Resumed | Change, continued = new ContinuedText()): Received {
  if ('views' in message) {
    const views = new Map([...message.views.entries()].filter(([, view]) => view !== undefined)) as Shown['views']
    const { revision, birth } = message
    return { outcome: 'applied', shown: { ...shown, revision, birth, views } }
  }
  const { from, to, patches } = message
  if (from !== shown.revision) return { outcome: 'type' in message || to > shown.revision ? 'gap' : 'duplicate' }
  if (patches.length === 0 && to === from) return { outcome: 'applied', shown }
  try {
    const views = apply(shown.views, continued.restore(patches)) as Shown['views']
    return { outcome: 'applied', shown: { ...shown, revision: to, views } }
  } catch {
    return { outcome: 'gap' } // a patch that does not fit means that the two sides differ
  }
}
