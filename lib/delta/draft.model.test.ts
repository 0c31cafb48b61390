/**
 * Random operations on a draft, and the same on plain data. Until a commit, both behave alike, aliases included. A commit
 * makes a tree of the state, so the plain model is copied anew from the snapshot, and what the author still holds of it is
 * found again by the path at which it stands.
 */
import fc from 'fast-check'
import { create } from 'mutative'
import { expect, test } from 'vitest'
import { apply } from './apply.js'
import { diff } from './diff.js'
import { openDraft } from './draft.js'
import { nodeOf } from './node.js'

/** The same runs each time, unless their number or another seed is given. */
const seeded = process.env.SEED ? { seed: Number(process.env.SEED) } : process.env.RUNS ? {} : { seed: 2 }

type Box = Record<string, unknown> | unknown[] | Map<unknown, unknown> | Set<unknown> | Date

/** What an author holds: the state first, and every part of it that he has reached or made. */
type Held = unknown[]

interface Op {
  readonly code: number
  readonly on: number
  readonly at: number
  readonly value: Value
}

interface Value {
  readonly shape: number
  readonly number: number
  readonly ref: number
}

const shapes = 13
/** Of the codes of operations, those up to here commit. */
const commitCode = 2
const value: fc.Arbitrary<Value> = fc.record({
  shape: fc.nat({ max: shapes - 1 }),
  number: fc.nat({ max: 6 }),
  ref: fc.nat({ max: 60 }),
})
const op: fc.Arbitrary<Op> = fc.record({
  code: fc.nat({ max: 47 }),
  on: fc.nat({ max: 60 }),
  at: fc.nat({ max: 8 }),
  value,
})
const keys = ['a', 'b', 'c', '7', '1', 'rows']

const isBox = (item: unknown): item is Box => typeof item === 'object' && item !== null
const pick = <T>(list: readonly T[], index: number) => list[index % list.length] as T

/** Makes the value of an operation; the parts of the author's own that he could hold on to are added to `held`. */
function make(held: Held, { shape, number, ref }: Value): unknown {
  const other = pick(held, ref)
  const fresh = (box: Box) => {
    held.push(box)
    return box
  }
  switch (shape) {
    case 0:
      return number
    case 1:
      return [undefined, null, 'text', Number.NaN, -0, 12n, true][number]
    case 2:
      return fresh({ n: number })
    case 3:
      return fresh([number, number + 1])
    case 4:
      return fresh(new Map<unknown, unknown>([[number, fresh({ n: 1 })]]))
    case 5:
      return fresh(new Set<unknown>([number, fresh({ n: 2 })]))
    case 6:
      return fresh(new Date(number))
    case 7:
      return fresh({ in: other })
    case 8:
      return fresh([number, other, fresh({ n: 3 })])
    case 9:
      return fresh(new Map([['in', other]]))
    case 10:
      return fresh(new Set([other, number]))
    case 11:
      return fresh({ deep: fresh([fresh({ er: other })]) })
    default:
      return other
  }
}

/** Does one operation, as an author would. What it gives that could be held on to is held. */
function perform(held: Held, { code, on, at, value }: Op): void {
  const box = pick(held, on)
  if (code <= 16) hold(held, reach(box, at))
  else if (Array.isArray(box)) performOnArray(held, box, code, at, value)
  else if (box instanceof Map) {
    if (code < 34) box.set(pick(keys, at), make(held, value))
    else if (code < 44) hold(held, [box.get(pick(keys, at)), box.delete(pick(keys, at))][0])
    else if (code === 44) box.clear()
    else for (const [key, item] of box) box.set(key, item)
  } else if (box instanceof Set) {
    if (code < 34) box.add(make(held, value))
    else if (code < 44) box.delete(code < 39 ? pick(held, value.ref) : [...box][at])
    else if (code === 44) box.clear()
    else for (const item of box) if (typeof item === 'number') box.delete(item)
  } else if (box instanceof Date) {
    if (code < 40) box.setTime(value.number)
    else box.setUTCFullYear(2000 + value.number)
  } else performOnObject(held, box as Record<string, unknown>, code, at, value)
}

function performOnObject(held: Held, box: Record<string, unknown>, code: number, at: number, value: Value): void {
  const key = pick(keys, at)
  const item = box[key]
  if (code < 30) box[key] = make(held, value)
  else if (code < 34) delete box[key]
  else if (code < 38) {
    delete box[key]
    box[key] = item
  } else if (code < 42) [box[key], box.a] = [box.a, item]
  else if (Array.isArray(item)) box[key] = item.filter((_, index) => index !== value.number)
  else Object.assign(box, { [key]: make(held, value) })
}

function performOnArray(held: Held, box: unknown[], code: number, at: number, value: Value): void {
  const index = Math.min(at, box.length)
  if (code <= 18) box.push(make(held, value), value.number)
  else if (code <= 20) hold(held, box.pop())
  else if (code <= 22) hold(held, box.shift())
  else if (code <= 24) box.unshift(make(held, value))
  else if (code <= 26) for (const item of box.splice(index, value.number % 3, make(held, value))) hold(held, item)
  else if (code <= 28) for (const item of box.splice(-at, 1)) hold(held, item)
  else if (code === 29) box.reverse()
  else if (code === 30) box.sort((a, b) => (label(a) < label(b) ? -1 : 1))
  else if (code === 31) box.fill(make(held, value), index, index + 2)
  else if (code === 32) box.copyWithin(index, value.number % 4)
  else if (code === 33) box.length = Math.max(0, box.length - (at % 3))
  else if (code <= 35 && box.length > 1) [box[0], box[box.length - 1]] = [box.at(-1), box[0]]
  else if (code <= 37) box.push(...box.splice(0, at))
  else if (code === 38) box.unshift(...box.splice(box.indexOf(box.find(isBox)), 1))
  else box[index] = make(held, value)
}

function label(item: unknown): string {
  if (!isBox(item)) return String(item)
  if (item instanceof Date) return `date ${item.getTime()}`
  return `${Array.isArray(item) ? 'array' : 'other'} ${childrenOf(item).length}`
}

function hold(held: Held, item: unknown): void {
  if (isBox(item)) held.push(item)
}

function childrenOf(box: Box): unknown[] {
  if (box instanceof Map || box instanceof Set) return [...box.values()]
  return box instanceof Date ? [] : Object.values(box)
}

function reach(box: unknown, at: number): unknown {
  const boxes = isBox(box) ? childrenOf(box).filter(isBox) : []
  return boxes.length > 0 ? pick(boxes, at) : undefined
}

/** Everything that can be told apart by reading, key order included. */
function dump(item: unknown): string {
  if (Number.isNaN(item)) return 'NaN'
  if (!isBox(item))
    return typeof item === 'bigint' ? `${item}n` : Object.is(item, -0) ? '-0' : (JSON.stringify(item) ?? 'undefined')
  if (item instanceof Date) return `Date(${item.getTime()})`
  if (item instanceof Map) return `Map(${[...item].map(([key, part]) => `${String(key)}=>${dump(part)}`)})`
  if (item instanceof Set) return `Set(${[...item].map(dump)})`
  if (Array.isArray(item)) return `[${item.map(dump)}]`
  return `{${Object.entries(item).map(([key, part]) => `${key}:${dump(part)}`)}}`
}

/** All ways down from `root`, by position. Throws on a cycle, as there is no end to it. */
function pathsOf(root: unknown, paths = new Map<Box, number[][]>(), path: number[] = []): Map<Box, number[][]> {
  if (!isBox(root)) return paths
  if (path.length > 12) throw new Cycle()
  paths.set(root, [...(paths.get(root) ?? []), path])
  for (const [index, item] of childrenOf(root).entries()) pathsOf(item, paths, [...path, index])
  return paths
}

class Cycle extends Error {}

const follow = (root: unknown, path: readonly number[]) =>
  path.reduce<unknown>((item, index) => childrenOf(item as Box)[index], root)

function isLegal(plain: Held): boolean {
  try {
    let size = 0
    for (const item of plain) size += pathsOf(item).size
    return size < 4000
  } catch (error) {
    if (error instanceof Cycle) return false
    throw error
  }
}

const refuseWrite = () => {
  throw new Error('a snapshot was written to')
}

function freeze<T>(root: T): T {
  for (const box of pathsOf(root).keys()) {
    const methods =
      box instanceof Map || box instanceof Set ? ['set', 'add', 'delete', 'clear'] : ['setTime', 'setUTCFullYear']
    if (box instanceof Map || box instanceof Set || box instanceof Date)
      for (const name of methods) Object.defineProperty(box, name, { value: refuseWrite })
    Object.freeze(box)
  }
  return root
}

const start = () => ({
  a: { n: 1, b: { n: 2, c: [1, 2] } },
  rows: [{ id: 1, a: { n: 1 } }, { id: 2, a: { n: 2 } }, { id: 3 }, 4, { id: 5 }],
  c: new Map<unknown, unknown>([
    ['a', { n: 4 }],
    ['b', [1, { n: 5 }]],
    ['7', 7],
  ]),
  7: new Set<unknown>([{ n: 6 }, 1, { n: 7, a: { n: 8 } }, 2]),
  b: new Date(7),
})

/** The parts of `next` that nobody has touched since `before`, as the plain model knows them, have kept their identity. */
function expectShared(model: unknown, next: unknown, origins: ReadonlyMap<Box, Box>): void {
  const paths = pathsOf(model)
  const isUntouched = (box: Box): boolean => {
    const origin = origins.get(box)
    if (!origin || paths.get(box)?.length !== 1 || dump(origin) !== dump(box)) return false
    const parts = childrenOf(origin)
    return childrenOf(box).every(
      (item, index) => !isBox(item) || (isUntouched(item) && origins.get(item) === parts[index]),
    )
  }
  for (const [box, [path]] of paths)
    if (isUntouched(box) && follow(next, path ?? []) !== origins.get(box))
      throw new Error(`copied ${path}: ${dump(box)}`)
}

class Simulation {
  base = freeze(start() as object)
  draft = openDraft(this.base)
  origins = new Map<Box, Box>()
  drafts: Held = [this.draft.state]
  plain: Held = [this.model()]

  run(ops: readonly Op[]): void {
    for (const op of [...ops, { code: commitCode, on: 0, at: 0, value: { shape: 0, number: 0, ref: 0 } }])
      if (op.code <= commitCode) this.commit()
      else if (!this.mixes(op) && this.try(op)) perform(this.drafts, op)
  }

  /** A Set of the author's own holds what he has put in, and does not know the drafts of that. */
  private mixes({ code, on, value }: Op): boolean {
    const box = pick(this.drafts, on)
    const isElement = code >= 34 ? code < 39 : code > 16 && value.shape === shapes - 1
    return box instanceof Set && !nodeOf(box) && isElement && nodeOf(pick(this.drafts, value.ref)) !== undefined
  }

  /** Operations that make a cycle are left out. */
  private try(op: Op): boolean {
    const paths = this.plain.length
    const before = structuredClone(this.plain)
    perform(this.plain, op)
    if (isLegal(this.plain)) return true
    this.plain.splice(0, this.plain.length, ...before.slice(0, paths))
    this.plain[0] = before[0]
    this.origins = new Map()
    return false
  }

  private commit(): void {
    const [model] = this.plain
    const { base } = this
    const shown = dump(base)
    expect(dump(this.draft.state)).toBe(dump(model))
    const next = this.draft.commit()
    expect(dump(next)).toBe(dump(model))
    expect(dump(this.draft.state)).toBe(dump(model))
    expect(dump(base)).toBe(shown)
    for (const paths of pathsOf(next).values()) expect(paths).toHaveLength(1)
    expectShared(model, next, this.origins)
    const patched = apply(base, diff(base, next))
    expect(dump(patched)).toBe(dump(next))
    this.base = freeze(next)
    this.origins = new Map()
    this.retain(model, this.model())
  }

  private model(): unknown {
    const model = structuredClone(this.base)
    for (const [box, [path]] of pathsOf(model)) this.origins.set(box, follow(this.base, path ?? []) as Box)
    return model
  }

  /** What stands in the tree is found again; what stands outside is kept if it shares nothing with the tree. */
  private retain(old: unknown, model: unknown): void {
    const standing = pathsOf(old)
    const [drafts, plain] = [this.drafts, this.plain]
    this.drafts = [drafts[0]]
    this.plain = [model]
    for (const [index, box] of (plain as Box[]).entries()) {
      const paths = standing.get(box)
      const draft = drafts[index]
      if (index === 0 || (paths && !nodeOf(draft))) continue
      if (!paths && [...pathsOf(box).keys()].some((part) => standing.has(part))) continue
      const path = paths?.filter((path) => follow(this.draft.state, path) === draft)
      if (path) expect(path).toHaveLength(1)
      this.drafts.push(draft)
      this.plain.push(path ? follow(model, path[0] ?? []) : box)
    }
  }
}

const runs = Number(process.env.RUNS ?? 400)
/** Milliseconds: a machine that is busy takes long, and shrinking a failure longer. */
const timeout = 60_000 + 100 * runs

test(
  'a draft behaves like plain data, its commits make trees that share what did not change',
  () => {
    fc.assert(
      fc.property(fc.array(op, { maxLength: 60, size: 'max' }), (ops) => new Simulation().run(ops)),
      { numRuns: runs, ...seeded },
    )
  },
  timeout,
)

/** mutative has no drafts of Date, and finds no drafts in Sets and Maps of the author's own. */
const isSupported = ({ value: { shape } }: Op) => shape !== 6 && shape !== 9 && shape !== 10

test(
  'a commit gives what mutative gives',
  () => {
    const state = () => {
      const { b: _, ...rest } = start()
      return rest as object
    }
    fc.assert(
      fc.property(fc.array(op.filter(isSupported), { maxLength: 30, size: 'max' }), (ops) => {
        const draft = openDraft(state())
        const plain: Held = [state()]
        const round = ops.filter((op) => {
          const trial = structuredClone(plain)
          perform(trial, op)
          if (op.code <= commitCode || !isLegal(trial)) return false
          perform(plain, op)
          return true
        })
        const drafts: Held = [draft.state]
        for (const op of round) perform(drafts, op)
        const theirs = create(state(), (theirState) => {
          const held: Held = [theirState]
          for (const op of round) perform(held, op)
        })
        expect(dump(draft.commit())).toBe(dump(theirs))
      }),
      { numRuns: Math.ceil(runs / 2), ...seeded },
    )
  },
  timeout,
)
