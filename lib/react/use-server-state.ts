'use client'
import { useDebugValue, useEffect, useRef, useSyncExternalStore } from 'react'
import type { ClientView, Definition } from '../state/definition.js'
import { usePaint, viewIn } from './painted.js'
import { isSameSelection } from './same-selection.js'
import { selectionOf } from './selections.js'
import { currentMirror, handleOf, initialMirror, isOwnMark, subscribe } from './tab.js'

/**
 * The state of this tab: fields, computed values, event functions and task handles, in one frozen object, which is a new one whenever
 * something in it has changed. With a `selector`, the component re-renders only when the selected value changes; the selector may
 * build a new value each time. Event functions resolve when their effect is saved and shown, and reject with a `HeldStateError`.
 */
export function useServerState<D extends Definition>(definition: D): ClientView<D>
export function useServerState<D extends Definition, T>(definition: D, selector: (state: ClientView<D>) => T): T
export function useServerState<D extends Definition, T>(
  definition: D,
  selector?: (state: ClientView<D>) => T,
): ClientView<D> | T {
  const handle = handleOf(definition)
  const shown = useRef<{ readonly selection: unknown } | undefined>(undefined)
  const paint = usePaint()
  const painted = paint && viewIn(paint, definition.id)
  if (painted && isOwnMark(paint.mark)) handle.begin(painted)
  const select = (state: object) => {
    const view = state as ClientView<D>
    if (!selector) return view
    const selection = selectionOf(view, selector)
    const before = shown.current as { readonly selection: T } | undefined
    return before && isSameSelection(before.selection, selection) ? before.selection : selection
  }
  const selection = useSyncExternalStore(
    subscribe,
    () => select(handle.snapshot(currentMirror())),
    () => select(handle.painted(initialMirror(), painted)),
  )
  useEffect(() => {
    shown.current = { selection }
  }, [selection])
  useDebugValue(definition.id)
  return selection
}
