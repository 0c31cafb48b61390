/**
 * The disk store: a folder on this machine, kept by LMDB. What a save acknowledged survives the end of the process at any
 * moment: LMDB writes copies and then one page that names them, so there is no half of a change. Saves of one turn go out
 * as one transaction. A token is kept as texts by key, each in a record of its own, so a change writes what has changed.
 */
import type { Database, RootDatabase } from 'lmdb'
import { type Clock, systemClock } from '../base/clock.js'
import { HeldStateError, messageOf } from '../base/errors.js'
import { consoleLog, type Log } from '../base/log.js'
import { fixedLimits } from '../base/server-limits.js'
import { refuseStale, taken } from './memory.js'
import { stateOf, type Texts, TokenRecord, type Writes } from './record.js'
import type { StateStore, Stored } from './store.js'

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

/**
 * A token as this handle has loaded or saved it last. Its version rises with each save and each load by anybody, so a save
 * that names it is refused once another handle has been there.
 */
interface Known {
  readonly record: TokenRecord
  readonly version: number
}

/** The first has the revision of a token, and its LMDB version is that of the token. */
type Key = [token: string] | [token: string, key: string]

/** Before the key of a text that could not be read. */
const damaged = 'damaged\u0000'

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
    unload: (token) => run((all) => all.unload(token)),
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
    return head && this.record(token, head.revision).stored
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
    const record = this.record(token, head.revision)
    this.known.set(token, { record, version })
    return record.stored
  }

  async save(token: string, next: Stored): Promise<void> {
    const known = this.known.get(token)
    const before = known?.record ?? TokenRecord.empty
    refuseStale(before.stored.revision, next.revision)
    const version = (known?.version ?? 0) + 1
    const { record, writes } = before.to(next)
    const write = () => {
      this.noteUse(token, before.known, next)
      this.write(token, next.revision, writes, version)
    }
    const saved = await committed(
      known ? this.database.ifVersion([token], known.version, write) : this.database.ifNoExists([token], write),
    )
    if (!saved) throw taken()
    this.known.set(token, { record, version })
  }

  private noteUse(token: string, before: Stored | undefined, { running }: Stored): void {
    if (!before) aside(this.used.put(token, this.clock.now()))
    const [worked, works] = [(before?.running.length ?? 0) > 0, running.length > 0]
    if (works && !worked) aside(this.tasks.put(token, true))
    if (worked && !works) aside(this.tasks.remove(token))
  }

  private write(token: string, revision: number, writes: Writes, version: number): void {
    aside(this.database.put([token], `${revision}`, version))
    for (const [key, text] of Object.entries(writes)) {
      aside(text === null ? this.database.remove([token, key]) : this.database.put([token, key], text, version))
    }
  }

  async drop(token: string): Promise<void> {
    const known = this.known.get(token)
    this.known.delete(token)
    await this.database.committed // what was set aside of it goes as well
    const remove = () => {
      aside(this.used.remove(token))
      aside(this.tasks.remove(token))
      for (const key of [...this.database.getKeys(all(token))]) aside(this.database.remove(key))
    }
    await (known ? this.database.ifVersion([token], known.version, remove) : this.database.transaction(remove))
  }

  async unload(token: string): Promise<void> {
    if (!this.known.delete(token)) return
    await this.used.put(token, this.clock.now())
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

  private head(token: string): { revision: number; text: string; version: number } | undefined {
    const entry = this.database.getEntry([token])
    if (!entry) return undefined
    const { value: text, version = 0 } = entry
    if (/^[1-9]\d*$/.test(text)) return { revision: Number(text), text, version }
    this.setAside(token, { '': text, ...this.texts(token) })
    aside(this.database.remove([token]))
    this.log.error('The saved state of a tab could not be read, so the tab starts anew.')
    return undefined
  }

  private texts(token: string): Texts {
    const texts: Record<string, string> = {}
    for (const { key, value } of this.database.getRange(all(token)))
      if (Array.isArray(key) && !key[1]?.startsWith(damaged)) texts[key[1] as string] = value
    return texts
  }

  /** What cannot be read is set aside, state by state, so that the rest lives on and nobody overwrites it. */
  private record(token: string, revision: number): TokenRecord {
    const texts = this.texts(token)
    try {
      return TokenRecord.read({ revision, texts })
    } catch {
      const parts = new Map<string, Record<string, string>>()
      for (const [key, text] of Object.entries(texts)) {
        const part = stateOf(key) ?? key
        parts.set(part, { ...parts.get(part), [key]: text })
      }
      const readable = [...parts].map(([part, own]) => this.readable(token, part, own))
      return TokenRecord.read({ revision, texts: Object.assign({}, ...readable) })
    }
  }

  private readable(token: string, part: string, texts: Texts): Texts {
    try {
      TokenRecord.read({ revision: 1, texts })
      return texts
    } catch (error) {
      this.setAside(token, texts)
      this.log.error(`The saved state "${part}" of a tab could not be read and starts anew: ${messageOf(error)}.`)
      return {}
    }
  }

  private setAside(token: string, texts: Texts): void {
    for (const [key, text] of Object.entries(texts)) {
      aside(this.database.put([token, `${damaged}${key}`], text))
      if (key !== '') aside(this.database.remove([token, key]))
    }
  }
}

/** All records of a token. */
const all = (token: string): { start: Key; end: Key } => ({ start: [token], end: [token, '\uffff'] })

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
