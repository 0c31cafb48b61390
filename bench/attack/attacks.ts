/** All attacks, in the order in which they are run. */
import { calls } from './attacks/calls.js'
import { connections } from './attacks/connections.js'
import { fresh } from './attacks/fresh.js'
import { reading } from './attacks/reading.js'
import { tabs } from './attacks/tabs.js'
import type { Attack } from './scene.js'

const order = ['C', 'H', 'X']

export const attacks: readonly Attack[] = [...calls, ...connections, ...fresh, ...reading, ...tabs].sort(
  ({ name: one }, { name: other }) =>
    order.indexOf(one[0] ?? '') - order.indexOf(other[0] ?? '') || one.slice(0, 2).localeCompare(other.slice(0, 2)),
)
