/** The tokens in the file of the disk store: what this process knows of them, and how they are written. */
import type { Clock } from '../../base/clock.js'
import { messageOf } from '../../base/errors.js'
import type { Log } from '../../base/log.js'
import { processLimits } from '../../base/server-limits.js'
import { inTab } from '../../base/text.js'
import { isStale, ownershipLost, refuseStale } from '../errors.js'
import { type Texts, TokenRecord, type Writes } from '../record.js'
import { groupOf, partOf } from '../record-keys.js'
import type { Stored } from '../store.js'
import { readableText, unlessDamaged } from './damage.js'
import { readKey, writtenKey } from './keys.js'
import { type Database, isBusy, type Row, type Statement, type Value } from './sqlite.js'
import { type StatementName, statements } from './statements.js'

/**
 * A token as this handle has loaded or saved it last. Its version rises with each save and each load by any handle, so a save with an
 * older version is refused.
 */
interface KnownToken {
  readonly id: number
  readonly record: TokenRecord
  readonly version: number
}

interface Save {
  readonly token: string
  readonly next: Stored
}

/** Replaces an unreadable text, so that its state counts as damaged. */
const unreadable = ''

export class DiskTokens {
  private readonly database: Database
  private readonly log: Log
  private readonly clock: Clock
  private readonly prepared: Partial<Record<StatementName, Statement>> = {}
  /** The tokens that this handle knows. */
  private readonly known = new Map<string, KnownToken>()

  constructor(database: Database, log: Log, clock: Clock) {
    this.database = database
    this.log = log
    this.clock = clock
  }

  read(token: string): Stored | undefined {
    const row = this.statement('find').get(token)
    return row && this.record(token, Number(row.id), Number(row.revision), () => {}).stored
  }

  load(token: string): Stored | undefined {
    return this.transaction(() => {
      const row = this.statement('find').get(token)
      if (!row) return undefined
      const [id, version] = [Number(row.id), Number(row.version)]
      this.statement('claim').run(this.clock.now(), id, version)
      const record = this.record(token, id, Number(row.revision), (key) => void this.statement('setAside').run(id, key))
      this.known.set(token, { id, record, version: version + 1 })
      return record.stored
    })
  }

  save(token: string, next: Stored): void {
    const known = this.transaction(() => this.write(token, next))
    this.known.set(token, known)
  }

  /** Saves in one transaction. Returns for each save why it failed, if it did. */
  saveAll(saves: readonly Save[]): unknown[] {
    const outcomes: unknown[] = []
    try {
      const written = this.transaction(() => saves.map((save, at) => this.attempt(save, outcomes, at)))
      for (const [at, known] of written.entries()) if (known) this.known.set((saves[at] as Save).token, known)
      return outcomes
    } catch (error) {
      if (isBusy(error)) throw error
      return saves.map((save) => this.alone(save)) // one of them may be the reason
    }
  }

  private alone({ token, next }: Save): unknown {
    try {
      this.save(token, next)
      return undefined
    } catch (error) {
      return error
    }
  }

  private attempt({ token, next }: Save, outcomes: unknown[], at: number): KnownToken | undefined {
    try {
      return this.write(token, next)
    } catch (error) {
      if (!isStale(error)) throw error // a part may be written
      outcomes[at] = error
      return undefined
    }
  }

  /** Throws before it has written anything if another handle owns the token. */
  private write(token: string, next: Stored): KnownToken {
    const known = this.known.get(token)
    const before = known?.record ?? TokenRecord.empty
    refuseStale(before.stored.revision, next.revision)
    const { record, writes } = before.to(next)
    const changed = known ? this.advance(known, next) : this.add(token, next)
    if (changed === 0) throw ownershipLost()
    const id = known?.id ?? Number(this.statement('find').get(token)?.id)
    this.writeTexts(id, writes)
    return { id, record, version: known ? known.version + 1 : firstVersion }
  }

  private add(token: string, next: Stored): number {
    return this.statement('add').run(token, next.revision, firstVersion, this.clock.now(), hasTasks(next))
  }

  /** Indexed columns are written only where they change. */
  private advance({ id, version, record }: KnownToken, next: Stored): number {
    const tasks = hasTasks(next)
    if (tasks === hasTasks(record.stored)) return this.statement('advance').run(next.revision, id, version)
    return this.statement('advanceTasks').run(next.revision, tasks, id, version)
  }

  private writeTexts(id: number, writes: Writes): void {
    const puts: Value[] = []
    for (const [key, text] of Object.entries(writes))
      if (text === null) this.statement('remove').run(id, writtenKey(key))
      else puts.push(id, writtenKey(key), text)
    for (let at = 0; at < puts.length; at += 9) {
      const some = puts.slice(at, at + 9)
      this.statement(some.length === 9 ? 'putThree' : some.length === 6 ? 'putTwo' : 'put').run(...some)
    }
  }

  drop(token: string): void {
    const known = this.known.get(token)
    this.transaction(() => {
      const row = this.statement('find').get(token)
      if (!row || (known && Number(row.version) !== known.version)) return
      this.statement('dropTexts').run(Number(row.id))
      this.statement('dropToken').run(Number(row.id))
    })
    this.known.delete(token)
  }

  unload(token: string): void {
    if (!this.known.has(token)) return
    this.inUse([token])
    this.known.delete(token)
  }

  inUse(tokens: readonly string[]): void {
    if (tokens.length === 0) return
    const now = this.clock.now()
    const use = (some: readonly string[]) =>
      this.transaction(() => {
        for (const token of some) this.statement('use').run(now, token)
      })
    unlessDamaged(
      () => use(tokens),
      () => {
        for (const token of tokens) unlessDamaged(() => use([token]))
      },
    )
  }

  /**
   * Tokens do not age while no server runs, or when a clock jumps: makes some of them younger by that time, from the id `from` on.
   * Returns the id to continue from. `usualMs` is the usual time between two calls.
   */
  catchUp(from: number, usualMs: number): number | undefined {
    const lookedAt = this.statement('lookedAt').get()?.looked_at
    const lostMs = lookedAt === undefined ? 0 : this.clock.now() - Number(lookedAt) - usualMs
    if (lostMs < usualMs) return undefined
    const to = from + processLimits.tokensAtOnce
    unlessDamaged(() =>
      this.transaction(() => void this.statement('spare').run(Math.round(lostMs), from, to, Number(lookedAt))),
    )
    return to < Number(this.statement('lastId').get()?.id ?? 0) ? to : undefined
  }

  looked(): void {
    const now = this.clock.now()
    this.transaction(() => void this.statement('look').run(now))
    unlessDamaged(() => this.transaction(() => void this.statement('clamp').run(now, now, processLimits.tokensAtOnce))) // saved when a clock was ahead
  }

  /** A damaged page of the file may hide some. */
  ofBrowser(browser: string): readonly string[] {
    return this.named(
      () => this.statement('ofBrowser').all(JSON.stringify(browser)),
      () => [],
    )
  }

  /** Some tokens that were not used for `retainMs` milliseconds. */
  unused(retainMs: number): readonly string[] {
    const before = this.clock.now() - retainMs
    return this.named(
      () => this.statement('unused').all(before, processLimits.tokensAtOnce),
      (from, to) => this.statement('unusedIn').all(from, to, before),
    )
  }

  working(): readonly string[] {
    return this.named(
      () => this.statement('working').all(),
      (from, to) => this.statement('workingIn').all(from, to),
    )
  }

  /** If a page is damaged, the tokens on other pages: searches in ranges of ids. */
  private named(whole: () => readonly Row[], stretch: (from: number, to: number) => readonly Row[]): readonly string[] {
    const rows: Row[] = []
    unlessDamaged(
      () => rows.push(...whole()),
      () => {
        const last = Number(this.statement('lastId').get()?.id ?? 0)
        for (let from = 0; from < last; from += stretchIds)
          unlessDamaged(() => rows.push(...stretch(from, from + stretchIds)))
      },
    )
    return rows.flatMap(({ token }) => readableText(token))
  }

  /**
   * Every write goes through here. A statement that finds the file locked stays open in the package, and nothing can be committed until it
   * is run again; here that is `BEGIN`.
   */
  private transaction<T>(work: () => T): T {
    try {
      this.statement('begin').run()
      const result = work()
      this.statement('commit').run()
      return result
    } catch (error) {
      this.undo()
      throw isStale(error) ? error : new Error(`The disk rejected the write: ${messageOf(error)}`, { cause: error })
    }
  }

  private undo(): void {
    try {
      this.statement('rollback').run()
    } catch {} // SQLite has rolled back itself, or the transaction has not begun
  }

  private statement(name: StatementName): Statement {
    const known = this.prepared[name]
    if (known) return known
    const statement = this.database.prepare(statements[name])
    this.prepared[name] = statement
    return statement
  }

  private texts(id: number): Texts {
    const texts: Record<string, string> = {}
    for (const { key, text } of this.statement('texts').all(id))
      for (const name of readableText(key)) texts[readKey(name)] = readableText(text)[0] ?? unreadable
    return texts
  }

  /** Sets unreadable states aside, so that the other ones can be used and nothing overwrites them. */
  private record(token: string, id: number, revision: number, setAside: (key: string) => void): TokenRecord {
    const texts = this.texts(id)
    try {
      return TokenRecord.read({ revision, texts })
    } catch {
      const parts = new Map<string, Record<string, string>>()
      for (const [key, text] of Object.entries(texts))
        parts.set(groupOf(key), { ...parts.get(groupOf(key)), [key]: text })
      const readable = [...parts.values()].map((part) => this.readable(token, part, setAside))
      return TokenRecord.read({ revision, texts: Object.assign({}, ...readable) })
    }
  }

  private readable(token: string, texts: Texts, setAside: (key: string) => void): Texts {
    try {
      TokenRecord.read({ revision: 1, texts })
      return texts
    } catch (error) {
      const keys = Object.keys(texts)
      for (const key of keys) setAside(writtenKey(key))
      const { name, fate } = partOf(keys[0])
      this.log.error(`${name} could not be read ${inTab(token)} and ${fate}: ${messageOf(error)}.`)
      return {}
    }
  }
}

/** Padded to its full width: a row that grows may need space on neighbouring pages, which may be damaged. */
const firstVersion = 2 ** 24

/** Ids in one range of the search after damage: about as many as a page holds. */
const stretchIds = 20

const hasTasks = ({ running }: Stored) => (running.length > 0 ? 1 : 0)
