/**
 * The patches that make `after` of `before`. Snapshots share what did not change, so equal identity ends the search; the
 * cost is that of what lies around a change, not of the state. Nothing has to be recorded while a change is made, and any
 * number of changes are one difference.
 */
import { kindOf } from '../base/value.js'
import { hunksOf } from './hunks.js'
import type { Key, Patch } from './patch.js'

/** Paths begin with `at`. */
export function diff(before: unknown, after: unknown, at: readonly Key[] = []): Patch[] {
  const patches: Patch[] = []
  compare(before, after, at, patches)
  return patches
}

type Compare = (path: readonly Key[], before: never, after: never, patches: Patch[]) => void

const comparers: Partial<Record<string, Compare>> = {
  object: compareObjects,
  array: compareArrays,
  map: compareMaps,
  set: compareSets,
}

function compare(before: unknown, after: unknown, path: readonly Key[], patches: Patch[]): void {
  if (Object.is(before, after)) return
  const kind = kindOf(after)
  if (kind !== kindOf(before)) return void patches.push([path, after])
  if (kind === 'date' && Object.is((before as Date).getTime(), (after as Date).getTime())) return
  const comparer = comparers[kind]
  if (comparer) comparer(path, before as never, after as never, patches)
  else patches.push([path, after])
}

type Fields = Readonly<Record<string, unknown>>

function compareObjects(path: readonly Key[], before: Fields, after: Fields, patches: Patch[]): void {
  if (Object.getPrototypeOf(before) !== Object.getPrototypeOf(after)) return void patches.push([path, after])
  const [was, is] = [Object.keys(before), Object.keys(after)]
  const late = lateKeys(was, is, isIndex)
  for (const key of was) if (late.has(key) || !Object.hasOwn(after, key)) patches.push([[...path, key]])
  for (const key of is)
    if (late.has(key) || !Object.hasOwn(before, key)) patches.push([[...path, key], after[key]])
    else if (!Object.is(before[key], after[key])) compare(before[key], after[key], [...path, key], patches)
}

function compareMaps(
  path: readonly Key[],
  before: ReadonlyMap<Key, unknown>,
  after: ReadonlyMap<Key, unknown>,
  patches: Patch[],
): void {
  const late = lateKeys([...before.keys()], [...after.keys()])
  for (const key of before.keys()) if (late.has(key) || !after.has(key)) patches.push([[...path, key]])
  for (const [key, value] of after) {
    const held = before.get(key)
    if (late.has(key)) patches.push([[...path, key], value])
    else if (!Object.is(held, value)) compare(held, value, [...path, key], patches)
  }
}

function compareSets(path: readonly Key[], before: ReadonlySet<Key>, after: ReadonlySet<Key>, patches: Patch[]): void {
  const [was, is] = [[...before], [...after]]
  const late = lateKeys(was, is)
  const gone = was.filter((item) => late.has(item) || !after.has(item))
  if (gone.some(isObject) || [...late].some(isObject)) return void patches.push([path, after])
  for (const item of gone) patches.push([[...path, item]])
  for (const item of late) patches.push([[...path, item], true])
}

/**
 * A page lists keys in the order in which they come, and a key that is set anew comes last. So only those keys of `after`
 * can stay that stand before the first new one and in their old order; the rest is late: deleted, if it was there, and set.
 */
function lateKeys(
  before: readonly Key[],
  after: readonly Key[],
  isSorted: (key: Key) => boolean = () => false,
): ReadonlySet<Key> {
  let at = 0
  let kept = 0
  for (; kept < after.length; kept += 1) {
    const key = after[kept]
    if (Object.is(before[at], key) && at < before.length) at += 1
    else if (!isSorted(key)) {
      while (at < before.length && !Object.is(before[at], key)) at += 1
      if (at === before.length) break
      at += 1
    }
  }
  return kept === after.length ? none : new Set(after.slice(kept).filter((key) => !isSorted(key)))
}

const none: ReadonlySet<Key> = new Set()

/** Objects list whole numbers first and in order, whenever they were added; so these are never late. */
const isIndex = (key: Key) => /^\d/.test(key as string) && String((key as number) >>> 0) === key && key !== lastIndex
const lastIndex = String(2 ** 32 - 1)

function compareArrays(
  path: readonly Key[],
  before: readonly unknown[],
  after: readonly unknown[],
  patches: Patch[],
): void {
  let offset = 0
  for (const { start, deleted, inserted } of hunksOf(before, after)) {
    const at = start + offset
    const paired = pairs(before, after, start, at, deleted, inserted)
    for (let index = 0; index < paired; index += 1)
      compare(before[start + index], after[at + index], [...path, at + index], patches)
    const [rest, more] = [deleted - paired, inserted - paired]
    if (rest > 0 || more > 0) patches.push([path, at + paired, rest, after.slice(at + paired, at + paired + more)])
    offset += inserted - deleted
  }
}

/**
 * How many leading elements of a hunk are the same element with another content, and are compared inside: all of them
 * where as many go as come; otherwise none, since which became which would be a guess.
 */
function pairs(
  before: readonly unknown[],
  after: readonly unknown[],
  start: number,
  at: number,
  deleted: number,
  inserted: number,
): number {
  if (deleted !== inserted) return 0
  for (let index = 0; index < deleted; index += 1) {
    const kind = kindOf(before[start + index])
    if (kind !== kindOf(after[at + index])) return 0
  }
  return deleted
}

const isObject = (value: unknown) => typeof value === 'object' && value !== null
