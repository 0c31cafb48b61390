/**
 * The patches that make `after` of `before`. Snapshots share what did not change, so equal identity stops the search; the
 * cost is that of what lies around a change, not of the state. Nothing has to be recorded while a change is made, and any
 * number of changes are one difference.
 */
import { kindOf } from '../base/value.js'
import { growth } from './growth.js'
import { hunksOf } from './hunks.js'
import type { Key, Patch } from './patch.js'
import { textChange } from './text-splice.js'

export interface DiffOptions {
  /** The reader of the patches knows splices of texts. */
  readonly texts: boolean
  /** Is given each text of which a patch says some words only. */
  readonly onText?: ((text: string) => void) | undefined
}

const withTexts: DiffOptions = { texts: true }

/** Paths begin with `at`. */
export function diff(
  before: unknown,
  after: unknown,
  at: readonly Key[] = [],
  { texts, onText }: DiffOptions = withTexts,
): Patch[] {
  const found: Found = { patches: [], texts, onText }
  compare(before, after, at, found)
  return found.patches
}

interface Found extends DiffOptions {
  readonly patches: Patch[]
}

/** Of what has the same key in both. Paths begin where it is. */
export function diffEntry(before: Fields, after: Fields, key: string, { texts }: DiffOptions = withTexts): Patch[] {
  const found: Found = { patches: [], texts }
  compareEntry([before, after], key, [before[key], after[key]], [], found)
  return found.patches
}

type Pair<T> = readonly [before: T, after: T]

/** Of what stands under `key` in two containers: it may be known how a text has grown. */
function compareEntry(boxes: Pair<object>, key: unknown, [was, is]: Pair<unknown>, path: readonly Key[], found: Found) {
  const words = found.texts && typeof is === 'string' && typeof was === 'string' && growth(...boxes, key)
  if (typeof words !== 'string') compare(was, is, path, found)
  else if (words !== '') {
    found.onText?.(is as string)
    found.patches.push([path, (was as string).length, 0, words])
  }
}

type Compare = (path: readonly Key[], before: never, after: never, found: Found) => void

const comparers: Partial<Record<string, Compare>> = {
  object: compareObjects,
  array: compareArrays,
  map: compareMaps,
  set: compareSets,
}

function compare(before: unknown, after: unknown, path: readonly Key[], found: Found): void {
  if (Object.is(before, after)) return
  const kind = kindOf(after)
  if (kind !== kindOf(before)) return void found.patches.push([path, after])
  if (kind === 'date' && Object.is((before as Date).getTime(), (after as Date).getTime())) return
  const comparer = comparers[kind]
  if (comparer) comparer(path, before as never, after as never, found)
  else if (found.texts && typeof before === 'string' && typeof after === 'string')
    compareTexts(path, before, after, found)
  else found.patches.push([path, after])
}

function compareTexts(path: readonly Key[], before: string, after: string, { patches, onText }: Found): void {
  const change = textChange(before, after)
  if (change) onText?.(after)
  patches.push(change ? [path, change.start, change.deleteCount, change.words] : [path, after])
}

type Fields = Readonly<Record<string, unknown>>

function compareObjects(path: readonly Key[], before: Fields, after: Fields, found: Found): void {
  if (Object.getPrototypeOf(before) !== Object.getPrototypeOf(after)) return void found.patches.push([path, after])
  const was = Object.keys(before)
  const is = Object.keys(after)
  if (is.length === was.length && is.every((key, at) => key === was[at])) {
    for (const key of is)
      if (!Object.is(before[key], after[key]))
        compareEntry([before, after], key, [before[key], after[key]], [...path, key], found)
    return
  }
  const late = lateKeys(was, is, isIndex)
  for (const key of was) if (late.has(key) || !Object.hasOwn(after, key)) found.patches.push([[...path, key]])
  for (const key of is)
    if (late.has(key) || !Object.hasOwn(before, key)) found.patches.push([[...path, key], after[key]])
    else if (!Object.is(before[key], after[key]))
      compareEntry([before, after], key, [before[key], after[key]], [...path, key], found)
}

function compareMaps(
  path: readonly Key[],
  before: ReadonlyMap<Key, unknown>,
  after: ReadonlyMap<Key, unknown>,
  found: Found,
): void {
  const late = lateKeys([...before.keys()], [...after.keys()])
  for (const key of before.keys()) if (late.has(key) || !after.has(key)) found.patches.push([[...path, key]])
  for (const [key, value] of after) {
    const held = before.get(key)
    if (late.has(key)) found.patches.push([[...path, key], value])
    else if (!Object.is(held, value)) compareEntry([before, after], key, [held, value], [...path, key], found)
  }
}

function compareSets(path: readonly Key[], before: ReadonlySet<Key>, after: ReadonlySet<Key>, found: Found): void {
  const [was, is] = [[...before], [...after]]
  const late = lateKeys(was, is)
  const gone = was.filter((item) => late.has(item) || !after.has(item))
  if (gone.some(isObject) || [...late].some(isObject)) return void found.patches.push([path, after])
  for (const item of gone) found.patches.push([[...path, item]])
  for (const item of late) found.patches.push([[...path, item], true])
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
  found: Found,
): void {
  let offset = 0
  for (const { start, deleted, inserted } of hunksOf(before, after)) {
    const at = start + offset
    const [was, is] = [before.slice(start, start + deleted), after.slice(at, at + inserted)]
    if (deleted === inserted) exchange(path, at, was, is, found)
    else resize(path, at, was, is, found)
    offset += inserted - deleted
  }
}

type CompareElements = (
  path: readonly Key[],
  at: number,
  was: readonly unknown[],
  is: readonly unknown[],
  found: Found,
) => void

/** As many elements go as come, so each becomes the one in its place. Neighbours of which nothing stays go as one splice. */
const exchange: CompareElements = (path, at, was, is, found) => {
  let from = 0
  for (let index = 0; index <= is.length; index += 1) {
    const isEnd = index === is.length
    if (!isEnd && !isAlike(was[index], is[index])) continue
    if (index - from === 1) found.patches.push([[...path, at + from], is[from]])
    else if (index > from) found.patches.push([path, at + from, index - from, is.slice(from, index)])
    if (!isEnd) compare(was[index], is[index], [...path, at + index], found)
    from = index + 1
  }
}

/**
 * Which element became which would be a guess; but a list that was fetched again often has equal ones at its ends, and one whose text goes on
 * stays where it is while others come after it.
 */
const resize: CompareElements = (path, at, was, is, found) => {
  const shorter = Math.min(was.length, is.length)
  let head = 0
  const stays = (old: unknown, now: unknown) => isEqual(old, now) || (!Array.isArray(now) && hasGrown(old, now))
  for (; head < shorter && stays(was[head], is[head]); head += 1)
    compare(was[head], is[head], [...path, at + head], found)
  let tail = 0
  while (tail < shorter - head && isEqual(was[was.length - 1 - tail], is[is.length - 1 - tail])) tail += 1
  found.patches.push([path, at + head, was.length - head - tail, is.slice(head, is.length - tail)])
}

/** Whether comparing inside may tell less than the whole of `is`. */
function isAlike(was: unknown, is: unknown): boolean {
  const kind = kindOf(is)
  if (kind !== kindOf(was)) return false
  if (kind !== 'object' && kind !== 'array')
    return kind === 'map' || kind === 'set' || isEqual(was, is) || isEdited(was, is)
  const keys = Object.keys(is as Fields)
  if (keys.length === 0) return Object.keys(was as Fields).length === 0
  return (
    keys.some((key) => {
      const [held, value] = [(was as Fields)[key], (is as Fields)[key]]
      return Object.is(held, value) || (isObject(held) && isObject(value))
    }) || hasGrown(was, is)
  )
}

/** Whether a text in an object is another edition of the one in its place. */
const hasGrown = (was: unknown, is: unknown): boolean =>
  isObject(was) &&
  isObject(is) &&
  Object.keys(is).some(
    (key) => growth(was, is, key) !== undefined || isEdited((was as Fields)[key], (is as Fields)[key]),
  )

/** In a list, neighbours that are replaced go as one; that is shorter than a patch for each of these. */
const longText = 64

/** Whether a text in a list is another edition of the one in its place. */
const isEdited = (was: unknown, is: unknown) =>
  typeof was === 'string' && typeof is === 'string' && is.length >= longText && textChange(was, is) !== undefined

const isEqual = (was: unknown, is: unknown) => Object.is(was, is) || (isObject(is) && diff(was, is).length === 0)

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
