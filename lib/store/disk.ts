/**
 * The disk store: one file of SQLite in a folder on this machine. What a save acknowledged survives the end of the process at any moment,
 * and after a power cut the file is whole and holds the saves up to one of the last second. A token is kept as texts by key, each in a row
 * of its own, so a change writes what has changed.
 */
import { type Clock, systemClock } from '../base/clock.js'
import { HeldStateError, messageOf } from '../base/errors.js'
import { consoleLog, type Log } from '../base/log.js'
import { fixedLimits } from '../base/server-limits.js'
import { DiskFile } from './disk-file.js'
import { DiskTokens } from './disk-tokens.js'
import type { StateStore, Stored } from './store.js'

export interface DiskStoreOptions {
  /** The folder. It is made if it is missing. */
  readonly dir: string
  /**
   * What an acknowledged save survives: the end of the process (`'process'`, the default), or also that of the machine
   * (`'power'`), for which each save waits for the medium.
   */
  readonly survives?: 'process' | 'power'
  readonly log?: Log
  readonly clock?: Clock
}

/** A save that goes out with others. */
interface Waiting {
  readonly token: string
  readonly next: Stored
  readonly done: () => void
  readonly failed: (error: unknown) => void
}

/** Opens the store on disk. It is an object of functions, so that `{ ...store }` has them all. */
export function diskStore(options: DiskStoreOptions): StateStore {
  const store = new DiskStore(options)
  return {
    open: () => store.open(),
    load: (token) => store.load(token),
    read: (token) => store.read(token),
    save: (token, next) => store.save(token, next),
    drop: (token) => store.drop(token),
    unload: (token) => store.unload(token),
    unused: (inUse, keepMs) => store.unused(inUse, keepMs),
    orphans: () => store.orphans(),
    close: () => store.close(),
  }
}

class DiskStore {
  private readonly dir: string
  private readonly survives: 'process' | 'power'
  private readonly log: Log
  private readonly clock: Clock
  private file: DiskFile | undefined
  private tokens: DiskTokens | undefined
  private closed = false
  /** A save was committed in this turn of the event loop; those that follow in it go out together. */
  private hasSaved = false
  private waiting: Waiting[] = []
  private readonly working = new Set<Promise<unknown>>()

  constructor({ dir, survives = 'process', log = consoleLog, clock = systemClock }: DiskStoreOptions) {
    this.dir = dir
    this.survives = survives
    this.log = log
    this.clock = clock
  }

  async open(): Promise<void> {
    this.opened()
  }

  load(token: string): Stored | undefined {
    return this.settled().load(token)
  }

  read(token: string): Stored | undefined {
    return this.settled().read(token)
  }

  /** The first save of a turn of the event loop is committed at once, which takes some microseconds; the others of it in one transaction. */
  save(token: string, next: Stored): Promise<void> | void {
    const tokens = this.opened()
    if (this.survives === 'process' && !this.hasSaved) {
      this.hasSaved = true
      this.clock.turn(() => this.turned())
      tokens.save(token, next)
      this.file?.changed()
      return
    }
    if (this.waiting.length === 0 && !this.hasSaved) this.clock.turn(() => this.turned())
    return new Promise((done, failed) => this.waiting.push({ token, next, done, failed }))
  }

  drop(token: string): void {
    this.settled().drop(token)
    this.file?.changed()
  }

  unload(token: string): void {
    this.settled().unload(token)
    this.file?.changed()
  }

  async unused(inUse: Iterable<string>, keepMs: number): Promise<readonly string[]> {
    const some: string[] = []
    for (const token of inUse) {
      some.push(token)
      if (some.length < fixedLimits.tokensAtOnce) continue
      this.settled().inUse(some.splice(0))
      await new Promise<void>((resolve) => this.clock.turn(resolve))
    }
    const tokens = this.settled()
    if (some.length > 0) tokens.inUse(some)
    this.file?.changed()
    return tokens.unused(keepMs)
  }

  async orphans(): Promise<readonly string[]> {
    return this.settled().working()
  }

  async close(): Promise<void> {
    this.flush()
    this.closed = true
    await Promise.allSettled(this.working)
    const { file } = this
    this.file = undefined
    await file?.close()
  }

  private opened(): DiskTokens {
    if (this.closed) throw new HeldStateError('hub-closed', `The store in ${this.dir} is closed.`)
    this.file ??= new DiskFile(this.dir, this.log, this.clock)
    this.tokens ??= new DiskTokens(this.file.database, this.log, this.clock)
    return this.tokens
  }

  /** With what waits committed. */
  private settled(): DiskTokens {
    const tokens = this.opened()
    this.flush()
    return tokens
  }

  private turned(): void {
    this.hasSaved = false
    this.flush()
  }

  private flush(): void {
    const { waiting, tokens, file } = this
    if (waiting.length === 0 || !tokens || !file) return
    this.waiting = []
    const outcomes = tokens.saveAll(waiting)
    file.changed()
    if (this.survives === 'process') return settle(waiting, outcomes)
    const synced = file.synced().then(
      () => settle(waiting, outcomes),
      (error) =>
        settle(
          waiting,
          waiting.map((_, at) => outcomes[at] ?? refused(error)),
        ),
    )
    this.working.add(synced)
    void synced.finally(() => this.working.delete(synced))
  }
}

/** Of each, why it was not saved, if it was not. */
function settle(waiting: readonly Waiting[], outcomes: readonly unknown[]): void {
  for (const [at, { done, failed }] of waiting.entries()) {
    const failure = outcomes[at]
    if (failure === undefined) done()
    else failed(failure)
  }
}

const refused = (cause: unknown) => new Error(`The disk refused it: ${messageOf(cause)}`, { cause })
