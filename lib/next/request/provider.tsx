/** Hands the values of the calling tab to the first render of the components below. */
import type { ReactNode } from 'react'
import { consoleLog } from '../../base/log.js'
import { inTab } from '../../base/text.js'
import { currentHub, currentSlot } from '../../hub/process-hub.js'
import { readViews } from '../../instance/read.js'
import type { Paint } from '../../protocol/paint.js'
import { Painted } from '../../react/painted.js'
import type { Definition } from '../../state/definition.js'
import { callingTab } from './calling-tab.js'

export interface HeldStateProviderProps {
  /** The states whose values go into the HTML. Default: all that the tab has. */
  readonly states?: readonly Definition[]
  readonly children: ReactNode
}

/**
 * A server component for a layout or a page: a reloaded tab has its values in the HTML. It does not wait for the request
 * itself, so that what lies between it and a `<Suspense>` can be prerendered.
 */
export function HeldStateProvider({ states, children }: HeldStateProviderProps) {
  return <Painted painting={paint(states?.map(({ id }) => id))}>{children}</Painted>
}

/** A page without its values is better than no page. */
async function paint(ids: readonly string[] | undefined): Promise<Paint | undefined> {
  const hub = currentSlot() && currentHub()
  const tab = await callingTab(hub)
  if (!hub || !tab) return undefined
  try {
    return { mark: tab.mark, views: await readViews(hub, tab.token, ids) }
  } catch (error) {
    consoleLog.error(`Failed to render the values of a tab ${inTab(tab.token)}; its HTML has first values.`, error)
    return undefined
  }
}
