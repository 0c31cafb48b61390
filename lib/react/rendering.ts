/**
 * Refuses calls while React renders, in development: what a call changes would render the component again, and so on
 * without end. React has no public word for it. What it has is the set of hooks that a component would use at this moment:
 * while none renders, there is no set, or one in which all hooks are the one function that refuses.
 */
import * as React from 'react'
import { HeldStateError } from '../base/errors.js'
import type { Channel } from '../client/state-handle.js'

/** What a state handle asks of the tab of this page. */
export type Callable = Omit<Channel, 'number'>

interface Internals {
  readonly H?: { readonly useState?: unknown; readonly useReducer?: unknown } | null
}

/** The name is React's; should it be another one day, nothing is refused any more. */
const internals = '__CLIENT_INTERNALS_DO_NOT_USE_OR_WARN_USERS_THEY_CANNOT_UPGRADE'

function isRendering(): boolean {
  const hooks = (React as { readonly [internals]?: Internals })[internals]?.H
  return hooks ? hooks.useState !== hooks.useReducer : false
}

export const calledWhileRendering = (definition: string, member: string) =>
  new HeldStateError(
    'called-while-rendering',
    `"${member}" of state "${definition}" was called while a component was rendering. Pass it as a handler, onClick={c.${member}} or ` +
      `onClick={() => c.${member}(…)}, or call it in an effect.`,
  )

/** The same tab, which no component can call while it renders. `tasks` are started by what is called. */
export function heedingRenders(tab: Callable, tasks: readonly string[]): Callable {
  const check = (definition: string, member: string) => {
    if (isRendering()) throw calledWhileRendering(definition, member)
  }
  return {
    watch: (id) => tab.watch(id),
    expect: (definition, predictions) => tab.expect?.(definition, predictions),
    touch: () => tab.touch(),
    call: (definition, member, ...how) => {
      check(definition, tasks.includes(member) ? `${member}.start` : member)
      return tab.call(definition, member, ...how)
    },
    cancel: (definition, task, run) => {
      check(definition, `${task}.cancel`)
      return tab.cancel(definition, task, run)
    },
    run: (definition, task, args) => {
      check(definition, `${task}.run`)
      return tab.run(definition, task, args)
    },
    wait: (definition, task, run) => {
      check(definition, `${task}.wait`)
      return tab.wait(definition, task, run)
    },
  }
}
