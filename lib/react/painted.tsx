'use client'
/** What the server rendered for this tab, handed from the provider to the hooks below it. */
import { createContext, type ReactNode, use, useContext } from 'react'
import { decode } from '../base/encode.js'
import type { Paint } from '../protocol/paint.js'

export type Painting = Promise<Paint | undefined>

const Context = createContext<Painting | undefined>(undefined)

export function Painted({ painting, children }: { painting: Painting; children: ReactNode }) {
  return <Context value={painting}>{children}</Context>
}

/** The paint of the nearest provider. Where the values need a request that is not there yet, the component suspends. */
export function usePaint(): Paint | undefined {
  const painting = useContext(Context)
  return painting && use(painting)
}

const decoded = new WeakMap<Paint, Map<string, object>>()

/** One view of a paint; the same object each time. */
export function viewIn(paint: Paint, id: string): object | undefined {
  if (!Object.hasOwn(paint.views, id)) return undefined
  const views = decoded.get(paint) ?? new Map<string, object>()
  decoded.set(paint, views)
  const view = views.get(id) ?? (decode(paint.views[id]) as object)
  views.set(id, view)
  return view
}
