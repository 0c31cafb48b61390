/**
 * Where two arrays differ, by identity of their elements: the longest run of elements that kept their order stays, and
 * everything between becomes a hunk. A filter, a move and an insert each give as little as they changed.
 */

/** `deleted` elements of the old array at `start` give way to `inserted` elements of the new one. */
export interface Hunk {
  readonly start: number
  readonly deleted: number
  readonly inserted: number
}

export function hunksOf(before: readonly unknown[], after: readonly unknown[]): Hunk[] {
  const shorter = Math.min(before.length, after.length)
  let head = 0
  while (head < shorter && Object.is(before[head], after[head])) head += 1
  let tail = 0
  while (tail < shorter - head && Object.is(before[before.length - 1 - tail], after[after.length - 1 - tail])) tail += 1
  const [oldEnd, newEnd] = [before.length - tail, after.length - tail]
  if (head === oldEnd && head === newEnd) return []
  if (head === oldEnd || head === newEnd) return [{ start: head, deleted: oldEnd - head, inserted: newEnd - head }]
  const kept =
    (oldEnd === newEnd && inPlace(before, after, head, newEnd)) || keptIn(before, after, head, oldEnd, newEnd)
  return between(kept, head, oldEnd, newEnd)
}

/** The elements that stay if none has moved: in most changes, elements become others where they are. */
function inPlace(before: readonly unknown[], after: readonly unknown[], head: number, end: number): Kept[] | undefined {
  const gone = new Set<unknown>()
  for (let index = head; index < end; index += 1) if (!Object.is(before[index], after[index])) gone.add(before[index])
  const kept: Kept[] = []
  for (let index = head; index < end; index += 1)
    if (Object.is(before[index], after[index])) kept.push([index, index])
    else if (gone.has(after[index])) return undefined
  return kept
}

/** An element that stays: its old and its new index. */
type Kept = readonly [old: number, next: number]

function between(kept: readonly Kept[], head: number, oldEnd: number, newEnd: number): Hunk[] {
  const hunks: Hunk[] = []
  let [old, next] = [head, head]
  for (const [keptOld, keptNext] of [...kept, [oldEnd, newEnd] as const]) {
    if (keptOld > old || keptNext > next) hunks.push({ start: old, deleted: keptOld - old, inserted: keptNext - next })
    old = keptOld + 1
    next = keptNext + 1
  }
  return hunks
}

/** Elements that both sides have, in the longest order that both agree on. */
function keptIn(
  before: readonly unknown[],
  after: readonly unknown[],
  head: number,
  oldEnd: number,
  newEnd: number,
): Kept[] {
  const places = new Map<unknown, number[]>()
  for (let index = oldEnd - 1; index >= head; index -= 1) {
    const known = places.get(before[index])
    if (known) known.push(index)
    else places.set(before[index], [index])
  }
  const common: Kept[] = []
  for (let index = head; index < newEnd; index += 1) {
    const old = places.get(after[index])?.pop()
    if (old !== undefined && Object.is(before[old], after[index])) common.push([old, index])
  }
  return longestRising(common)
}

/** The longest subsequence whose old indexes rise: patience sorting, n log n. */
function longestRising(pairs: readonly Kept[]): Kept[] {
  const ends: number[] = [] // ends[n]: position in `pairs` of the smallest end of a rising run of length n + 1
  const previous: number[] = []
  for (const [position, [old]] of pairs.entries()) {
    let [low, high] = [0, ends.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((pairs[ends[middle] as number] as Kept)[0] < old) low = middle + 1
      else high = middle
    }
    previous[position] = low > 0 ? (ends[low - 1] as number) : -1
    ends[low] = position
  }
  const rising: Kept[] = []
  for (let position = ends.at(-1) ?? -1; position >= 0; position = previous[position] as number)
    rising.push(pairs[position] as Kept)
  return rising.reverse()
}
