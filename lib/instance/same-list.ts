/** Lists that are rebuilt on demand, and written only if an item has changed. */

/** Returns `known` if `list` says the same, else `list`. Most items are immutable and shared, so identity is equality. */
export function sameList<T>(
  known: readonly T[],
  list: readonly T[],
  isSame: (a: T, b: T) => boolean = Object.is,
): readonly T[] {
  return known.length === list.length && known.every((item, index) => isSame(item, list[index] as T)) ? known : list
}
