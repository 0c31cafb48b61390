/**
 * The delta language. A patch is a tuple that its length tells apart, in memory and on the wire:
 *
 *     [path]                             delete what is there
 *     [path, value]                      set it
 *     [path, start, deleteCount, items]  splice the array there
 *     [path, start, deleteCount, words]  splice the text there, in units of UTF-16
 *
 * A path leads from the root by property names, array indexes and keys of Maps. In a Set the last key is the element: set
 * adds it, delete removes it. An empty path is the root.
 */

export type Key = string | number | boolean | bigint | null | undefined

export type Delete = readonly [path: readonly Key[]]
export type Assign = readonly [path: readonly Key[], value: unknown]
export type Splice = readonly [path: readonly Key[], start: number, deleteCount: number, items: readonly unknown[]]
export type TextSplice = readonly [path: readonly Key[], start: number, deleteCount: number, words: string]

export type Patch = Delete | Assign | Splice | TextSplice

export const isTextSplice = (patch: Patch): patch is TextSplice => patch.length === 4 && typeof patch[3] === 'string'
