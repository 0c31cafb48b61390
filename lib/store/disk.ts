/**
 * The disk store: a folder on this machine, kept by LMDB. What a save acknowledged survives the end of the process at any
 * moment: LMDB writes copies and then one page that names them, so there is no half of a change. Saves of one turn go out
 * as one transaction. Each state of a token is a record of its own, so a change writes the states it touched.
 */
import type { Database, RootDatabase } from 'lmdb'
import { type Clock, systemClock } from '../base/clock.js'
import { decode, encode } from '../base/encode.js'
import { HeldStateError, messageOf } from '../base/errors.js'
import { fixedLimits } from '../base/limits.js'
import { consoleLog, type Log } from '../base/log.js'
import type { Shape } from '../state/shape.js'
import { refuseStale, taken } from './memory.js'
import { readRun, writeRun } from './record.js'
import type { Fields, PageCalls, StateStore, Stored, TaskEnd } from './store.js'

export interface DiskStoreOptions {
  /** The folder. It is made if it is missing. */
  readonly dir: string
  /**
   * What an acknowledged save survives: the end of the process (`'process'`, the default), or also that of the machine
   * (`'power'`), which costs a write to the medium for each batch of saves.
   */
  readonly survives?: 'process' | 'power'
  readonly log?: Log
  readonly clock?: Clock
}

/** What stands beside the states of a token. Its LMDB version is that of the token. */
interface Head {
  readonly revision: number
  readonly calls: readonly PageCalls[]
  /** Runs, as JSON. */
  readonly running: readonly unknown[]
  readonly ended?: readonly TaskEnd[]
  /** The states that have a record. */
  readonly ids: readonly string[]
}

/** One state of a token, and the shape that it had when it was saved. */
interface Body {
  readonly fields: unknown
  readonly shape?: Shape | undefined
}

/**
 * A token as this handle has loaded or saved it last. Its version rises with each save and each load by anybody, so a save
 * that names it is refused once another handle has been there.
 */
interface Known {
  readonly stored: Stored
  readonly version: number
}

type Key = [token: string] | [token: string, id: string]

export function diskStore(options: DiskStoreOptions): StateStore {
  const { dir, survives = 'process', log = consoleLog, clock = systemClock } = options
  const working = new Set<Promise<unknown>>()
  let opening: Promise<RootDatabase<string, Key>> | undefined
  let records: Records | undefined
  let closed = false
  const open = async () => {
    opening ??= openDatabase(dir)
    const database = await opening
    records ??= new Records(database, log, clock)
    return records
  }
  /** LMDB must not be read once it is closed, so closing waits for what is under way. */
  const run = async <T>(work: (all: Records) => Promise<T>): Promise<T> => {
    if (closed) throw new HeldStateError('hub-closed', `The store in ${dir} is closed.`)
    const promise = records ? work(records) : open().then(work)
    working.add(promise)
    try {
      return await promise
    } finally {
      working.delete(promise)
    }
  }
  return {
    load: (token) => run((all) => all.load(token)),
    read: (token) => run((all) => all.read(token)),
    save: (token, next) =>
      run(async (all) => {
        await all.save(token, next)
        if (survives === 'power') await all.flushed()
      }),
    drop: (token) => run((all) => all.drop(token)),
    unused: (inUse, keepMs) => run((all) => all.unused(inUse, keepMs)),
    orphans: () => run((all) => all.working()),
    close: async () => {
      closed = true
      await Promise.allSettled(working)
      if (opening) await (await opening).close()
    },
  }
}

/** LMDB is native code, so it is loaded by the process that opens a store, and by no other that only knows this file. */
async function openDatabase(dir: string): Promise<RootDatabase<string, Key>> {
  const { open } = await import('lmdb')
  try {
    // each save is a batch of its own; LMDB's batches of a turn have a promise that nobody can catch, should the disk be full
    return open<string, Key>({
      path: dir,
      encoding: 'string',
      useVersions: true,
      cache: false,
      eventTurnBatching: false,
    })
  } catch (cause) {
    throw new HeldStateError(
      'load-failed',
      `The store in ${dir} could not be opened: ${messageOf(cause)}. If it is damaged, move the folder away; tabs then start anew.`,
      { cause },
    )
  }
}

class Records {
  private readonly database: Database<string, Key>
  /** When a token was first saved, or last in use when the hub asked. */
  private readonly used: Database<number, string>
  /** Tokens with runs that have not ended. */
  private readonly tasks: Database<true, string>
  private readonly log: Log
  private readonly clock: Clock
  /** What this handle knows of each token. */
  private readonly known = new Map<string, Known>()

  constructor(database: RootDatabase<string, Key>, log: Log, clock: Clock) {
    this.database = database
    this.used = database.openDB<number, string>({ name: 'used', encoding: 'json' })
    this.tasks = database.openDB<true, string>({ name: 'working', encoding: 'json' })
    this.log = log
    this.clock = clock
  }

  async read(token: string): Promise<Stored | undefined> {
    const head = this.head(token)
    return head && this.stored(token, head.value)
  }

  async working(): Promise<readonly string[]> {
    return [...this.tasks.getKeys()]
  }

  async load(token: string): Promise<Stored | undefined> {
    const head = this.head(token)
    if (!head) return undefined
    const version = head.version + 1
    const claim = () => aside(this.database.put([token], head.text, version))
    if (!(await this.database.ifVersion([token], head.version, claim))) return this.load(token)
    const stored = this.stored(token, head.value)
    this.known.set(token, { stored, version })
    return stored
  }

  private stored(token: string, { revision, calls, running, ended = [], ids }: Head): Stored {
    const state: Record<string, Fields> = {}
    const shapes: Record<string, Shape> = {}
    for (const id of ids) {
      const body = this.body(token, id)
      if (!body) continue
      state[id] = body.fields
      if (body.shape) shapes[id] = body.shape
    }
    return { revision, state, calls, running: running.map(readRun), ended, shapes }
  }

  async save(token: string, next: Stored): Promise<void> {
    const known = this.known.get(token)
    refuseStale(known?.stored.revision ?? 0, next.revision)
    const version = (known?.version ?? 0) + 1
    const write = () => this.write(token, next, known?.stored, version)
    const saved = await committed(
      known ? this.database.ifVersion([token], known.version, write) : this.database.ifNoExists([token], write),
    )
    if (!saved) throw taken()
    this.known.set(token, { stored: next, version })
  }

  private write(token: string, next: Stored, before: Stored | undefined, version: number): void {
    const { revision, state, calls, running, ended, shapes } = next
    const head: Head = { revision, calls, running: running.map(writeRun), ended, ids: Object.keys(state) }
    if (!before) aside(this.used.put(token, this.clock.now()))
    const [worked, works] = [(before?.running.length ?? 0) > 0, running.length > 0]
    if (works && !worked) aside(this.tasks.put(token, true))
    if (worked && !works) aside(this.tasks.remove(token))
    aside(this.database.put([token], JSON.stringify(head), version))
    for (const id of head.ids)
      if (state[id] !== before?.state[id] || shapes[id] !== before?.shapes[id])
        aside(this.database.put([token, id], bodyText(state[id], shapes[id]), version))
  }

  async drop(token: string): Promise<void> {
    const known = this.known.get(token)
    this.known.delete(token)
    await this.database.committed // what was set aside of it goes as well
    const remove = () => {
      aside(this.used.remove(token))
      aside(this.tasks.remove(token))
      for (const key of [...this.database.getKeys({ start: [token], end: [token, '\uffff'] })])
        aside(this.database.remove(key))
    }
    await (known ? this.database.ifVersion([token], known.version, remove) : this.database.transaction(remove))
  }

  async unused(inUse: Iterable<string>, keepMs: number): Promise<readonly string[]> {
    const now = this.clock.now()
    await this.used.transaction(() => {
      for (const token of inUse) if (this.used.doesExist(token)) aside(this.used.put(token, now))
    })
    const unused: string[] = []
    let start: string | undefined = ''
    while (start !== undefined && unused.length < fixedLimits.tokensAtOnce) {
      const page: { key: string; value: number }[] = [...this.used.getRange({ start, limit: fixedLimits.tokensAtOnce })]
      for (const { key, value } of page) if (value + keepMs < now) unused.push(key)
      const last: string | undefined = page.at(-1)?.key
      start = last === undefined ? undefined : `${last}\u0000`
      await new Promise<void>((resolve) => this.clock.turn(resolve))
    }
    return unused
  }

  async flushed(): Promise<void> {
    await this.database.flushed
  }

  private head(token: string): { value: Head; text: string; version: number } | undefined {
    const entry = this.database.getEntry([token])
    if (!entry) return undefined
    try {
      return { value: JSON.parse(entry.value), text: entry.value, version: entry.version ?? 0 }
    } catch {
      aside(this.database.put([token, '\u0000damaged'], entry.value))
      aside(this.database.remove([token]))
      this.log.error('The saved state of a tab could not be read, so the tab starts anew.')
      return undefined
    }
  }

  /** A record that cannot be read is set aside, so that the rest of the state lives on and nobody overwrites it. */
  private body(token: string, id: string): { readonly fields: Fields; readonly shape?: Shape | undefined } | undefined {
    const text = this.database.get([token, id])
    try {
      if (text === undefined) throw new Error('the record is missing')
      const { fields, shape } = JSON.parse(text) as Body
      return { fields: decode(fields) as Fields, shape }
    } catch (error) {
      if (text !== undefined) aside(this.database.put([token, `${id}\u0000damaged`], text))
      this.log.error(`The saved state "${id}" of a tab could not be read and starts anew: ${messageOf(error)}.`)
      return undefined
    }
  }
}

const bodyText = (fields: unknown, shape: Shape | undefined) =>
  JSON.stringify({ fields: encode(fields), shape } satisfies Body)

/** A write that is part of a commit: whoever waits for the commit hears what became of it. */
function aside(write: Promise<unknown>): void {
  write.catch(() => {})
}

/** LMDB keeps the reason of a failed commit in a promise of its own. */
async function committed<T>(commit: Promise<T>): Promise<T> {
  try {
    return await commit
  } catch (error) {
    const { commitError } = error as { commitError?: Promise<unknown> }
    const reason = await (commitError ?? Promise.reject(error)).then(
      () => error,
      (cause: unknown) => cause,
    )
    throw new Error(`The disk refused it: ${messageOf(reason)}`, { cause: error })
  }
}
