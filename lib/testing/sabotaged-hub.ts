/** A hub with a bug on purpose. */
import type { HubRuntime } from '../hub/hub.js'
import type { CallName } from '../instance/call-log.js'
import type { Instance } from '../instance/instance.js'
import type { Session } from '../session/session.js'
import type { Subscription } from '../session/subscription.js'
import type { Sabotage } from './sabotage.js'
import { atticAddress, atticOf, boardAddress, boardOf } from './simulated-board.js'

export function sabotaged(hub: HubRuntime, sabotage: Sabotage | undefined): HubRuntime {
  hub.addresses.set(boardAddress, boardOf)
  hub.addresses.set(atticAddress, atticOf)
  if (sabotage === 'build-on-failed') return buildingOnFailed(hub)
  if (sabotage === 'mix-results') return mixingResults(hub)
  if (sabotage === 'unsaved-copy')
    return Object.assign(hub, { originals: Object.assign(hub.duplicatedTabs, { saveCopy: () => {} }) })
  if (sabotage === 'log-per-number') return changingSubscriptions(hub, namingByNumber)
  if (sabotage === 'resume-by-revision') return changingSubscriptions(hub, resumingByRevision)
  if (sabotage !== 'overtake-failed') return hub
  const call = hub.call.bind(hub)
  hub.call = ({ before, ...rest }) => call(rest)
  return hub
}

function buildingOnFailed(hub: HubRuntime): HubRuntime {
  const seen = new Map<Instance, Instance['pending']>()
  const newest = {
    get(this: Instance) {
      if (this.pending) seen.set(this, this.pending)
      const last = seen.get(this)
      return last?.failure ? last : (this.pending ?? this)
    },
  }
  const instanceOf = hub.instance.bind(hub)
  hub.instance = (token) => Object.defineProperty(instanceOf(token), 'newest', { ...newest, configurable: true })
  return hub
}

function mixingResults(hub: HubRuntime): HubRuntime {
  const instanceOf = hub.instance.bind(hub)
  hub.instance = (token) => {
    const { runs } = instanceOf(token)
    const { lastEnds } = runs
    lastEnds.of = (run) =>
      lastEnds.all.find((end) => end.run === run) && lastEnds.all.findLast((end) => end.result !== undefined)
    return instanceOf(token)
  }
  return hub
}

/** Changes each subscription as it is made. */
function changingSubscriptions(hub: HubRuntime, change: (subscription: Subscription) => void): HubRuntime {
  const connections = hub.connections as unknown as { add(session: Session, parts: object): Subscription }
  const add = connections.add.bind(connections)
  connections.add = (session, parts) => {
    const subscription = add(session, parts)
    change(subscription)
    return subscription
  }
  return hub
}

/** The call log of a further subscription is that of its number. */
function namingByNumber({ calling, number }: Subscription): void {
  if (number < 2) return
  const named = calling as unknown as { nameOf(up: object): CallName }
  const nameOf = named.nameOf.bind(calling)
  named.nameOf = (up) => {
    const { page, id } = nameOf(up)
    return { page: `${page.slice(0, -1)}${number.toString(16)}`, id }
  }
}

interface Places {
  slots: readonly { readonly number: number; readonly revision: number }[]
  rewind(heard: number | undefined): unknown
}

/** Of all messages at the revision that the page has, the last counts as heard. */
function resumingByRevision({ history }: Subscription): void {
  const places = history as unknown as Places
  const { rewind } = Object.getPrototypeOf(history) as Places
  places.rewind = (heard) => {
    const newest = places.slots.toSorted((one, other) => other.number - one.number)
    const place = heard === undefined ? undefined : newest.find(({ number }) => number <= heard)
    const same = newest.find(({ revision }) => revision === place?.revision)
    return rewind.call(history, same?.number ?? heard)
  }
}
