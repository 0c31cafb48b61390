/**
 * The delta language. A patch is a tuple that its length tells apart, in memory and on the wire:
 *
 *     [path]                             delete what is there
 *     [path, value]                      set it
 *     [path, start, deleteCount, items]  splice the array there
 *
 * A path leads from the root by property names, array indexes and keys of Maps. In a Set the last key is the element: set
 * adds it, delete removes it. An empty path is the root.
 */

export type Key = string | number | boolean | bigint | null | undefined

export type Delete = readonly [path: readonly Key[]]
export type Assign = readonly [path: readonly Key[], value: unknown]
export type Splice = readonly [path: readonly Key[], start: number, deleteCount: number, items: readonly unknown[]]

export type Patch = Delete | Assign | Splice
