/**
 * Containers of the author's own that a commit has copied, while his handler goes on. He may still write to them, as to
 * any value that he has put somewhere: `s.rows.push(row)`, then `yield`, then `row.done = true`. The next commit finds what
 * is another than when it was copied, and writes it to the draft.
 */
import { ImmutableStateError } from '../base/errors.js'
import { handlerLimits } from '../base/server-limits.js'
import { formatPath, kindOf } from '../base/value.js'
import { type Following, type Node, nodeOf } from './node.js'
import { plainCopy } from './plain.js'
import { unwrapView } from './view.js'

type Fields = Record<PropertyKey, unknown>

interface Taken {
  readonly node: Node
  /** What it was when it was copied. */
  readonly value: object
  readonly parts: number
}

/** Looking through all that was put in is for development; bundlers know this name. */
const development = process.env.NODE_ENV !== 'production'

export class CopiedContainers implements Following {
  private readonly taken = new Map<object, Taken>()
  private parts = 0

  note(own: object, node: Node, copy: object): void {
    if (Object.isFrozen(own) && !(own instanceof Map || own instanceof Set || own instanceof Date)) return
    const parts = partsOf(copy)
    if (parts > handlerLimits.givenParts && !development) return
    this.forget(own)
    this.taken.set(own, { node, value: copy, parts })
    if (parts <= handlerLimits.givenParts) this.parts += parts
    for (const [first, { parts }] of this.taken) {
      if (this.parts <= handlerLimits.givenParts) return
      if (parts <= handlerLimits.givenParts) this.forget(first)
    }
  }

  /** Where the author's own is another than when it was copied, though nothing follows it any more. Each is reported once. */
  lost(): string[] {
    const changed = [...this.taken].filter(([own, { value }]) => !isSame(own, value))
    for (const [own] of changed) this.forget(own)
    return changed.map(([, { node }]) => formatPath(node.path))
  }

  /** It is put in once more, as it is now. */
  forget(own: object): void {
    const known = this.taken.get(own)
    if (!known) return
    this.taken.delete(own)
    if (known.parts <= handlerLimits.givenParts) this.parts -= known.parts
  }

  follow(): void {
    for (const [own, known] of [...this.taken]) {
      if (isSame(own, known.value)) continue
      if (known.parts > handlerLimits.givenParts) throw tooLarge(known.node)
      merge(known.node.draft, own, known.value)
      this.note(own, known.node, plainCopy(own, known.node.path) as object) // it may have grown
    }
  }
}

const tooLarge = (node: Node) =>
  new ImmutableStateError(
    `The value assigned to ${formatPath(node.path)} was changed after a yield through the original object. It has more than ` +
      `${handlerLimits.givenParts} parts, so the state has its own copy. Read the value from the state and change that.`,
  )

/** Containers in a snapshot value, itself included. */
function partsOf(value: unknown): number {
  let parts = 0
  const waiting = [value]
  while (waiting.length > 0 && parts <= handlerLimits.givenParts) {
    const item = waiting.pop()
    if (typeof item !== 'object' || item === null) continue
    parts += 1
    for (const part of partsIn(item)) waiting.push(part)
  }
  return parts
}

function partsIn(item: object): Iterable<unknown> {
  if (Array.isArray(item)) return item
  if (item instanceof Map || item instanceof Set) return item.values()
  return item instanceof Date ? [] : Object.values(item)
}

/** What stands for another part of the state changes by itself. */
const stands = (value: unknown): boolean => nodeOf(value) !== undefined || unwrapView(value) !== value

const isContainer = (value: unknown): value is object => typeof value === 'object' && value !== null

/** Whether two containers can be compared part by part. */
const isAlike = (own: unknown, was: unknown): boolean =>
  isContainer(own) && isContainer(was) && kindOf(own) === kindOf(was) && kindOf(own) !== 'invalid'

function isSame(own: unknown, was: unknown): boolean {
  if (Object.is(own, was)) return true
  if (stands(own)) return isContainer(was)
  if (!isAlike(own, was)) return false
  if (own instanceof Date) return Object.is(own.getTime(), (was as Date).getTime())
  if (own instanceof Map) {
    const { size } = was as Map<unknown, unknown>
    return own.size === size && [...own].every(([key, item]) => has(was, key) && isSame(item, at(was, key)))
  }
  if (own instanceof Set) {
    const others = (was as Set<unknown>).values()
    return own.size === (was as Set<unknown>).size && [...own].every((item) => isSame(item, others.next().value))
  }
  const keys = Object.keys(own as object)
  return (
    keys.length === Object.keys(was as object).length &&
    keys.every((key) => has(was, key) && isSame((own as Fields)[key], (was as Fields)[key]))
  )
}

const has = (box: unknown, key: unknown): boolean =>
  box instanceof Map ? box.has(key) : Object.hasOwn(box as object, key as PropertyKey)
const at = (box: unknown, key: unknown): unknown =>
  box instanceof Map ? box.get(key) : (box as Fields)[key as PropertyKey]

/** `draft` stands for what was copied of `own` when it was as `was` is. */
function merge(draft: unknown, own: object, was: object): void {
  if (!isAlike(nodeOf(draft)?.latest, own)) return // it is something else by now
  if (own instanceof Date) (draft as Date).setTime(own.getTime())
  else if (own instanceof Map) mergeMap(draft as Map<unknown, unknown>, own, was as Map<unknown, unknown>)
  else if (own instanceof Set) mergeSet(draft as Set<unknown>, own, was as Set<unknown>)
  else if (Array.isArray(own)) mergeList(draft as unknown[], own, was as unknown[])
  else mergeFields(draft as Fields, own as Fields, was as Fields)
}

/** Gives whether it was done part by part. */
function mergeItem(draft: unknown, own: unknown, was: unknown): boolean {
  if (isSame(own, was)) return true
  if (!isAlike(own, was) || !isAlike(nodeOf(draft)?.latest, own)) return false
  merge(draft, own as object, was as object)
  return true
}

function mergeFields(draft: Fields, own: Fields, was: Fields): void {
  for (const key of Object.keys(was)) if (!Object.hasOwn(own, key)) delete draft[key]
  for (const key of Object.keys(own))
    if (!Object.hasOwn(was, key) || !mergeItem(draft[key], own[key], was[key])) draft[key] = own[key]
}

function mergeMap(
  draft: Map<unknown, unknown>,
  own: ReadonlyMap<unknown, unknown>,
  was: ReadonlyMap<unknown, unknown>,
): void {
  for (const key of was.keys()) if (!own.has(key)) draft.delete(key)
  for (const [key, item] of own)
    if (!was.has(key) || !mergeItem(draft.get(key), item, was.get(key))) draft.set(key, item)
}

function mergeSet(draft: Set<unknown>, own: ReadonlySet<unknown>, was: ReadonlySet<unknown>): void {
  const [items, before] = [[...own], [...was]]
  const drafts = [...draft]
  if (items.length === before.length && items.every((item, index) => mergeItem(drafts[index], item, before[index])))
    return
  draft.clear()
  for (const item of items) draft.add(item)
}

function mergeList(draft: unknown[], own: readonly unknown[], was: readonly unknown[]): void {
  if (own.length === was.length) {
    for (const [index, item] of own.entries())
      if (index < draft.length && !mergeItem(draft[index], item, was[index])) draft[index] = item
    return
  }
  const shorter = Math.min(own.length, was.length)
  let head = 0
  while (head < shorter && isSame(own[head], was[head])) head += 1
  let tail = 0
  while (tail < shorter - head && isSame(own.at(-1 - tail), was.at(-1 - tail))) tail += 1
  draft.splice(head, was.length - head - tail, ...own.slice(head, own.length - tail))
}
