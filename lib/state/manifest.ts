/** The manifest of a definition: evaluated once, from its first values. */
import { encode } from '../base/encode.js'
import type { Manifest } from '../protocol/manifest.js'
import { ComputedCache } from './computed.js'
import type { Members } from './members.js'

export function manifestOf(members: Members): Manifest {
  const fields = members.initial()
  const view: Record<string, unknown> = {}
  for (const name of Object.keys(fields)) if (members.visibilityOf(name) === 'public') view[name] = fields[name]
  Object.assign(view, new ComputedCache(members).evaluate(fields))
  const live = [...members.events].flatMap(([name, { whenOffline }]) => (whenOffline === 'reject' ? [name] : []))
  return {
    id: members.id,
    defaults: encode(view),
    events: [...members.events.keys()],
    tasks: [...members.tasks.keys()],
    ...(live.length > 0 ? { live } : {}),
  }
}
