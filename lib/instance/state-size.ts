/**
 * Estimates the size of a token's state. Bytes that are put in are added, and bytes that are removed are not subtracted. So the estimate is
 * too high, and the state itself is measured only when the estimate is near the bound.
 */
import { crowdLimits } from '../base/crowd-limits.js'
import { HeldStateError } from '../base/errors.js'
import { processLimits } from '../base/server-limits.js'
import { sizeOf } from '../base/value.js'
import type { State } from '../store/store.js'
import type { Instance } from './instance.js'

/** Adds `bytes`, which make the state `staged`. Returns by how much the estimate rises. Throws `state-too-large` above `limit`. */
export function grow(instance: Instance, bytes: number, staged: State, limit: number): number {
  const before = instance.bytes
  const sum = before + bytes
  if (sum <= dueAt(instance.counted, limit)) {
    instance.bytes = sum
    return bytes
  }
  const counted = sizeOfState(staged, limit)
  if (counted > limit)
    throw new HeldStateError(
      'state-too-large',
      `The state of this tab would take more than ${limit} bytes (limit "stateBytes"). Nothing was changed. Keep large data in a database and only its ids in state.`,
    )
  instance.counted = counted
  instance.bytes = counted + processLimits.instanceBytes
  return instance.bytes - before
}

/** Sizes of measured field values. Most values stay the same from change to change, and all tabs share first values. */
const sizes = new WeakMap<object, number>()

function sizeOfState(state: State, limit: number): number {
  let bytes = 0
  for (const fields of Object.values(state))
    for (const [name, value] of Object.entries(fields)) {
      bytes += name.length + sizeOfField(value, limit + 1 - bytes)
      if (bytes > limit) return bytes
    }
  return bytes
}

function sizeOfField(value: unknown, most: number): number {
  if (typeof value !== 'object' || value === null) return sizeOf(value)
  const known = sizes.get(value)
  if (known !== undefined) return known
  const size = sizeOf(value, most)
  if (size <= most) sizes.set(value, size)
  return size
}

/** Counting costs as much as the state has parts, so it waits until about as much was put in. */
function dueAt(counted: number | undefined, limit: number): number {
  if (counted === undefined) return 0
  const nearlyFull = Math.max(limit, counted + limit / processLimits.countsOfFull)
  return Math.min(nearlyFull, 2 * counted + processLimits.uncountedBytes) + processLimits.instanceBytes
}

/**
 * The states that are needed take `crowding` times what all of them may. `bytes` are to be put into one of them: throws where it is larger
 * than its share would be, which is a part of `limit`. Small states go on, and so does what adds next to nothing to a large one.
 */
export function refuseCrowded(instance: Instance, bytes: number, crowding: number, limit: number): void {
  const { crowdedShare, crowdedBytes, fullStateBytes, fullAt } = crowdLimits
  const size = instance.bytes + bytes
  const isRefused =
    crowding > fullAt
      ? size > fullStateBytes
      : bytes > crowdedBytes && size > Math.max(fullStateBytes, limit * crowdedShare)
  if (bytes > 0 && isRefused)
    throw new HeldStateError(
      'state-too-large',
      'The server is low on memory, and the state of this tab is among the largest. Nothing was changed. Try again later.',
    )
}
