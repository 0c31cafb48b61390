/**
 * A saved token as texts by key, and the writes of a change. A large field is not rewritten whole: patches are stored next to it,
 * until they are as long as the field. So a save costs as much as has changed, and a load at most twice the size of the state.
 */
import { decode, encode } from '../base/encode.js'
import { ownValue } from '../base/value.js'
import { apply } from '../delta/apply.js'
import { type DiffOptions, diffEntry } from '../delta/diff.js'
import type { Patch } from '../delta/patch.js'
import type { Shape } from '../state/shape.js'
import { type PatchedField, patched, unpatched, wholeField } from './patched-field.js'
import { endKey, fieldKey, headKey, patchKey, separator } from './record-keys.js'
import type { Fields, PageCalls, RunEnd, RunningTask, Stored } from './store.js'

/** Texts by key. */
export type Texts = Readonly<Record<string, string>>

/** The texts that a change writes; `null` removes one. */
export type Writes = Readonly<Record<string, string | null>>

/** A token as it is saved. */
export interface SavedTexts {
  readonly revision: number
  readonly texts: Texts
}

/** The saved record of a token, or `'same'` if the caller already has that revision. */
export type SavedOrSame = SavedTexts | 'same' | undefined

/** Is stored next to the fields of a state. */
interface Head {
  readonly shape: Shape | undefined
  /** The fields of the state, in their order. */
  readonly names: readonly string[]
}

/** A token that was never saved. */
const nothing: Stored = { revision: 0, state: {}, calls: [], running: [], ended: [], shapes: {} }

export class TokenRecord {
  readonly stored: Stored
  private readonly large: ReadonlyMap<string, PatchedField>

  private constructor(stored: Stored, large: ReadonlyMap<string, PatchedField>) {
    this.stored = stored
    this.large = large
  }

  static readonly empty = new TokenRecord(nothing, new Map())

  /** The saved record; `undefined` if the token was never saved. */
  get saved(): Stored | undefined {
    return this.stored.revision === 0 ? undefined : this.stored
  }

  /** The record after the answer `saved` to a process with the record `before`. */
  static of(saved: SavedOrSame, before = TokenRecord.empty): TokenRecord {
    if (saved === 'same') return before
    return saved ? TokenRecord.read(saved) : TokenRecord.empty
  }

  /** The record of all texts of a token. */
  static read({ revision, texts }: { readonly revision: number; readonly texts: Texts }): TokenRecord {
    return TokenRecord.empty.with(revision, texts)
  }

  /** The writes for `next`, and the record after them. Without `texts`, a process of an earlier version can read them. */
  to(next: Stored, options: DiffOptions = { texts: true }): { readonly record: TokenRecord; readonly writes: Writes } {
    const { stored } = this
    const writing = new Writing(this.large, options)
    const { writes } = writing
    if (next.calls !== stored.calls) writes.calls = callsText(next.calls)
    if (next.running !== stored.running) writes.running = JSON.stringify(next.running.map(writeRun))
    if (next.ended !== stored.ended) writes.ended = JSON.stringify(next.ended)
    if (next.browser !== stored.browser)
      writes.browser = next.browser === undefined ? null : JSON.stringify(next.browser)
    if (next.birth !== stored.birth) writes.birth = next.birth === undefined ? null : JSON.stringify(next.birth)
    if (next.forgotten !== stored.forgotten) writes.forgotten = next.forgotten ? 'true' : null
    writeEnds(stored.runEnds, next.runEnds, writes)
    for (const id of Object.keys(next.state)) this.writeState(id, next, writing)
    for (const id of Object.keys(stored.state)) if (!Object.hasOwn(next.state, id)) this.writeState(id, next, writing)
    return { record: new TokenRecord(next, writing.large), writes }
  }

  private writeState(id: string, next: Stored, writing: Writing): void {
    const [before, after] = [ownValue(this.stored.state, id), ownValue(next.state, id)]
    const shape = ownValue(next.shapes, id)
    const isShape = shape === ownValue(this.stored.shapes, id)
    if (before === after && isShape) return
    const was = Object.keys(before ?? {})
    const is = Object.keys(after ?? {})
    if (!after) writing.writes[headKey(id)] = null
    else if (!before || !isShape || !isSame(was, is))
      writing.writes[headKey(id)] = JSON.stringify({ shape, names: is } satisfies Head)
    if (before === after) return
    for (const name of was) if (!after || !Object.hasOwn(after, name)) writing.remove(fieldKey(id, name))
    for (const name of is)
      if (!before || !Object.hasOwn(before, name)) writing.whole(fieldKey(id, name), after?.[name])
      else if (after && before[name] !== after[name]) writing.field(fieldKey(id, name), before, after, name)
  }

  /** The record after `writes`. */
  with(revision: number, writes: Writes): TokenRecord {
    const { stored } = this
    const state: Record<string, Fields> = { ...stored.state }
    const own = new Map<string, Record<string, unknown>>()
    /** The fields of a state, to be changed here. */
    const fieldsOf = (id: string) => {
      const fields = own.get(id) ?? { ...ownValue(state, id) }
      own.set(id, fields)
      state[id] = fields
      return fields
    }
    const shapes: Record<string, Shape> = { ...stored.shapes }
    const large = new Map(this.large)
    const heads = new Map<string, Head | undefined>()
    const patches: SavedPatch[] = []
    let ends: Map<string, RunEnd> | undefined
    for (const [key, text] of Object.entries(writes)) {
      const [kind, id = '', name = '', number] = key.split(separator)
      if (kind === 'run') ends = readEnd(ends ?? byRun(stored.runEnds), id, text)
      if (kind === 'state') heads.set(id, text === null ? undefined : (JSON.parse(text) as Head))
      if (kind !== 'field') continue
      if (number !== undefined) {
        if (text !== null) patches.push([Number(number), id, name, text])
        continue
      }
      if (text === null) delete fieldsOf(id)[name]
      else put(fieldsOf(id), name, decode(JSON.parse(text)))
      note(large, key, text === null ? 0 : text.length)
    }
    applyAll(patches, large, fieldsOf)
    for (const [id, head] of heads) {
      if (head)
        state[id] = Object.fromEntries(head.names.map((name) => [name, ownValue(ownValue(state, id) ?? {}, name)]))
      else delete state[id]
      if (head?.shape) shapes[id] = head.shape
      else delete shapes[id]
    }
    const { calls, running, ended, browser, birth, forgotten } = writes
    return new TokenRecord(
      {
        revision,
        state,
        calls: calls ? JSON.parse(calls) : stored.calls,
        running: running ? (JSON.parse(running) as unknown[]).map(readRun) : stored.running,
        ended: ended ? JSON.parse(ended) : stored.ended,
        shapes,
        ...optional('runEnds', ends ? inOrder(ends) : stored.runEnds),
        ...optional('browser', textOf(browser, stored.browser)),
        ...optional('birth', textOf(birth, stored.birth)),
        ...optional('forgotten', forgotten === undefined ? stored.forgotten : forgotten !== null || undefined),
      },
      large,
    )
  }
}

/** Each end has a key of its own, since one with a result is long. */
function writeEnds(
  before: Stored['runEnds'] = [],
  after: Stored['runEnds'] = [],
  writes: Record<string, string | null>,
): void {
  if (before === after) return
  const known = new Set(before)
  const left = new Set(after.map(({ run }) => run))
  for (const { run } of before) if (!left.has(run)) writes[endKey(run)] = null
  for (const end of after) if (!known.has(end)) writes[endKey(end.run)] = JSON.stringify(end)
}

const byRun = (ends: Stored['runEnds'] = []) => new Map(ends.map((end) => [end.run, end]))

function readEnd(ends: Map<string, RunEnd>, run: string, text: string | null): Map<string, RunEnd> {
  if (text === null) ends.delete(run)
  else ends.set(run, JSON.parse(text) as RunEnd)
  return ends
}

const inOrder = (ends: Map<string, RunEnd>): Stored['runEnds'] =>
  ends.size > 0 ? [...ends.values()].sort((a, b) => a.order - b.order) : undefined

type SavedPatch = readonly [number, id: string, name: string, text: string]

/** Applies what is saved of fields, one after the other; a field with many is copied once. */
function applyAll(
  saved: SavedPatch[],
  large: Map<string, PatchedField>,
  fieldsOf: (id: string) => Record<string, unknown>,
): void {
  const lists = new Map<string, { readonly id: string; readonly name: string; readonly patches: Patch[] }>()
  for (const [number, id, name, text] of saved.sort((a, b) => a[0] - b[0])) {
    const key = fieldKey(id, name)
    const [field, patches] = unpatched(large.get(key) as PatchedField, number, text)
    large.set(key, field)
    const list = lists.get(key)
    if (list) list.patches.push(...patches)
    else lists.set(key, { id, name, patches: [...patches] })
  }
  for (const { id, name, patches } of lists.values())
    put(fieldsOf(id), name, apply(ownValue(fieldsOf(id), name), patches))
}

/** A text that is written, removed, or as before. */
const textOf = (written: string | null | undefined, before: string | undefined): string | undefined =>
  written === undefined ? before : written === null ? undefined : (JSON.parse(written) as string)

const optional = <Name extends string, T>(name: Name, value: T | undefined) =>
  (value === undefined ? {} : { [name]: value }) as { readonly [K in Name]?: T }

/** As JSON. Nearly every save has it, mostly of one page with no failed call, so that case is written by hand. */
const callsText = (calls: Stored['calls']): string => `[${calls.map(pageText).join(',')}]`

function pageText(calls: PageCalls): string {
  const { page, done, ends, forgotten, revision, replies } = calls
  if (ends.length > 0 || replies || revision === undefined || !/^\w+$/.test(page)) return JSON.stringify(calls)
  return `{"page":"${page}","done":${done},"ends":[],"forgotten":${forgotten},"revision":${revision}}`
}

/** A field may have the name of a setter of Object.prototype. */
function put(fields: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(fields, name, { value, enumerable: true, configurable: true, writable: true })
}

/** Collects the writes of a change. */
class Writing {
  readonly writes: Record<string, string | null> = {}
  /** A copy as soon as it changes. */
  large: ReadonlyMap<string, PatchedField>
  private own: Map<string, PatchedField> | undefined
  private readonly options: DiffOptions

  constructor(large: ReadonlyMap<string, PatchedField>, options: DiffOptions) {
    this.large = large
    this.options = options
  }

  field(key: string, before: Fields, after: Fields, name: string): void {
    const known = this.large.get(key)
    if (!known || (known.isSpliced && !this.options.texts)) return this.whole(key, after[name])
    const patches = diffEntry(before, after, name, this.options)
    if (patches.length === 0) return
    const saved = patched(known, patches, after[name])
    if (!saved) return this.whole(key, after[name])
    for (let number = saved.number + 1; number <= known.patches; number += 1) this.writes[patchKey(key, number)] = null
    this.writes[patchKey(key, saved.number)] = saved.text
    this.changed().set(key, saved.field)
  }

  whole(key: string, value: unknown): void {
    this.removePatches(key)
    const text = JSON.stringify(encode(value))
    this.writes[key] = text
    if (wholeField(text.length) || this.large.has(key)) note(this.changed(), key, text.length)
  }

  remove(key: string): void {
    this.removePatches(key)
    this.writes[key] = null
    if (this.large.has(key)) this.changed().delete(key)
  }

  private removePatches(key: string): void {
    const patches = this.large.get(key)?.patches ?? 0
    for (let number = 1; number <= patches; number += 1) this.writes[patchKey(key, number)] = null
  }

  private changed(): Map<string, PatchedField> {
    this.own ??= new Map(this.large)
    this.large = this.own
    return this.own
  }
}

const isSame = (a: readonly string[], b: readonly string[]) =>
  a.length === b.length && a.every((name, index) => name === b[index])

function note(large: Map<string, PatchedField>, key: string, length: number): void {
  const field = wholeField(length)
  if (field) large.set(key, field)
  else large.delete(key)
}

/** A run as JSON. */
const writeRun = ({ durable, ...run }: RunningTask) =>
  durable ? { ...run, durable: { ...durable, args: encode(durable.args) } } : run

/** Reads what `writeRun` wrote. */
const readRun = (json: unknown): RunningTask => {
  const { durable, ...run } = json as RunningTask
  return durable ? { ...run, durable: { ...durable, args: decode(durable.args) as unknown[] } } : run
}
