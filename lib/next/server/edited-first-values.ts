/** Says in the terminal that an edit of first values does not reach the tabs that are open: each keeps the values it has. */
import { isDeepStrictEqual } from 'node:util'
import type { HubRuntime } from '../../hub/hub.js'

export function reportEditedFirstValues(hub: HubRuntime): void {
  hub.registry.onReplace((_, before) => {
    if (hub.instances.size === 0) return
    for (const [id, then] of before) {
      if (!hub.registry.has(id)) continue
      // values that depend on chance or time differ in each tab, and there are none to compare
      const [old, now] = [then, hub.registry.get(id)].map((definition) => hub.firstValues.sharedBy(definition))
      if (!old || !now) continue
      const edited = Object.keys(now).filter((field) => field in old && !isDeepStrictEqual(old[field], now[field]))
      if (edited.length > 0)
        hub.log.info(
          `The first values of state "${id}" have changed (${edited.join(', ')}). Open tabs keep the values that they have; ` +
            'open a new tab to see the new ones.',
        )
    }
  })
}
