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
  const was = Object.keys(before)
  const is = Object.keys(after)
  if (is.length === was.length && is.every((key, at) => key === was[at])) {
    for (const key of is)
      if (!Object.is(before[key], after[key])) compare(before[key], after[key], [...path, key], patches)
    return
  }
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
 * A page lists keys in the order in which they come, and a key that is deleted and set again comes last. So only those keys of `after`
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
    const [was, is] = [before.slice(start, start + deleted), after.slice(at, at + inserted)]
    if (deleted === inserted) exchange(path, at, was, is, patches)
    else resize(path, at, was, is, patches)
    offset += inserted - deleted
  }
}

type CompareElements = (
  path: readonly Key[],
  at: number,
  was: readonly unknown[],
  is: readonly unknown[],
  patches: Patch[],
) => void

/** As many elements go as come, so each becomes the one in its place. Neighbours of which nothing stays go as one splice. */
const exchange: CompareElements = (path, at, was, is, patches) => {
  let from = 0
  for (let index = 0; index <= is.length; index += 1) {
    const isEnd = index === is.length
    if (!isEnd && !isAlike(was[index], is[index])) continue
    if (index - from === 1) patches.push([[...path, at + from], is[from]])
    else if (index > from) patches.push([path, at + from, index - from, is.slice(from, index)])
    if (!isEnd) compare(was[index], is[index], [...path, at + index], patches)
    from = index + 1
  }
}

/** Which element became which would be a guess; but a list that was fetched again often has equal ones at its ends. */
const resize: CompareElements = (path, at, was, is, patches) => {
  const shorter = Math.min(was.length, is.length)
  let head = 0
  while (head < shorter && isEqual(was[head], is[head])) head += 1
  let tail = 0
  while (tail < shorter - head && isEqual(was[was.length - 1 - tail], is[is.length - 1 - tail])) tail += 1
  patches.push([path, at + head, was.length - head - tail, is.slice(head, is.length - tail)])
}

/** Whether comparing inside may tell less than the whole of `is`. */
function isAlike(was: unknown, is: unknown): boolean {
  const kind = kindOf(is)
  if (kind !== kindOf(was)) return false
  if (kind !== 'object' && kind !== 'array') return kind === 'map' || kind === 'set' || isEqual(was, is)
  const keys = Object.keys(is as Fields)
  if (keys.length === 0) return Object.keys(was as Fields).length === 0
  return keys.some((key) => {
    const [held, value] = [(was as Fields)[key], (is as Fields)[key]]
    return Object.is(held, value) || (isObject(held) && isObject(value))
  })
}

const isEqual = (was: unknown, is: unknown) => Object.is(was, is) || (isObject(is) && diff(was, is).length === 0)

const isObject = (value: unknown) => typeof value === 'object' && value !== null
