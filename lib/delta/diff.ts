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
  const misplaced = misplacedKeys(Object.keys(before), Object.keys(after), isIndex)
  for (const key of Object.keys(before))
    if (misplaced.has(key) || !Object.hasOwn(after, key)) patches.push([[...path, key]])
  for (const key of Object.keys(after))
    if (misplaced.has(key) || !Object.hasOwn(before, key)) patches.push([[...path, key], after[key]])
    else compare(before[key], after[key], [...path, key], patches)
}

function compareMaps(
  path: readonly Key[],
  before: ReadonlyMap<Key, unknown>,
  after: ReadonlyMap<Key, unknown>,
  patches: Patch[],
): void {
  const misplaced = misplacedKeys([...before.keys()], [...after.keys()])
  for (const key of before.keys()) if (misplaced.has(key) || !after.has(key)) patches.push([[...path, key]])
  for (const [key, value] of after)
    if (misplaced.has(key) || !before.has(key)) patches.push([[...path, key], value])
    else compare(before.get(key), value, [...path, key], patches)
}

function compareSets(path: readonly Key[], before: ReadonlySet<Key>, after: ReadonlySet<Key>, patches: Patch[]): void {
  const [was, is] = [[...before], [...after]]
  if (was.some(isObject) || is.some(isObject)) {
    if (was.length !== is.length || was.some((item, index) => !Object.is(item, is[index]))) patches.push([path, after])
    return
  }
  const misplaced = misplacedKeys(was, is)
  for (const item of was) if (misplaced.has(item) || !after.has(item)) patches.push([[...path, item]])
  for (const item of is) if (misplaced.has(item) || !before.has(item)) patches.push([[...path, item], true])
}

/**
 * Keys that both sides have, but that deleting and adding others would leave in another order than `after` has: they are
 * deleted and set again, because a page lists keys in the order in which they come. A new key is appended, so every key
 * that stands behind a new one is misplaced too.
 */
function misplacedKeys(
  before: readonly Key[],
  after: readonly Key[],
  sorted: (key: Key) => boolean = () => false,
): ReadonlySet<Key> {
  if (before.length === after.length && before.every((key, index) => Object.is(key, after[index]))) return none
  const known = new Map(before.map((key, index) => [key, index]))
  const misplaced = new Set<Key>()
  let last = -1
  let appended = false
  for (const key of after) {
    if (sorted(key)) continue
    const index = known.get(key)
    if (index === undefined) appended = true
    else if (appended || index < last) misplaced.add(key)
    else last = index
    if (index !== undefined && misplaced.has(key)) appended = true
  }
  return misplaced
}

const none: ReadonlySet<Key> = new Set()

/** Objects list whole numbers first and in order, whenever they were added; so these are never misplaced. */
const isIndex = (key: Key) => String((key as number) >>> 0) === key

function compareArrays(path: readonly Key[], before: readonly unknown[], after: readonly unknown[], patches: Patch[]): void {
  let offset = 0
  for (const { start, deleted, inserted } of hunksOf(before, after)) {
    const at = start + offset
    const paired = pairs(before, after, start, at, deleted, inserted)
    for (let index = 0; index < paired; index += 1)
      compare(before[start + index], after[at + index], [...path, at + index], patches)
    const [rest, more] = [deleted - paired, inserted - paired]
    if (rest > 0 || more > 0)
      patches.push([path, at + paired, rest, after.slice(at + paired, at + paired + more)])
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
