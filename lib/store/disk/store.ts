/**
 * The disk store: one SQLite file in a folder on this machine. Acknowledged saves survive the end of the process at any moment. After a
 * power cut the file is intact and holds all saves but those of the last second. A token is stored as texts by key, each in its own row,
 * so a save writes only what has changed.
 */
import { type Clock, systemClock } from '../../base/clock.js'
import { HeldStateError, messageOf } from '../../base/errors.js'
import { isPromise } from '../../base/eventually.js'
import { refuseUnknown } from '../../base/known-keys.js'
import { consoleLog, type Log } from '../../base/log.js'
import { processLimits } from '../../base/server-limits.js'
import { sweepMs } from '../../base/sweep-interval.js'
import type { StateStore, Stored } from '../store.js'
import { DiskFile } from './file.js'
import { FileQueue } from './file-queue.js'
import { isBusy } from './sqlite.js'
import { DiskTokens } from './tokens.js'

export interface DiskStoreOptions {
  /** The folder. It is created if it is missing. */
  readonly dir: string
  /**
   * What an acknowledged save survives: the end of the process (`'process'`, the default), or also a power cut (`'power'`), for which
   * each save waits for the medium.
   */
  readonly survives?: 'process' | 'power'
  readonly log?: Log
  readonly clock?: Clock
}

/** A save that is committed together with other saves. */
interface Waiting {
  readonly token: string
  readonly next: Stored
  readonly done: () => void
  readonly failed: (error: unknown) => void
}

/** Opens the disk store. It is an object of functions, so that `{ ...store }` has them all. */
export function diskStore(options: DiskStoreOptions): StateStore {
  refuseUnknown('store-misconfigured', 'diskStore', options, ['dir', 'survives', 'log', 'clock'])
  const store = new DiskStore(options)
  return {
    open: () => store.open(),
    load: (token) => store.load(token),
    read: (token) => store.read(token),
    save: (token, next) => store.save(token, next),
    drop: (token) => store.drop(token),
    unload: (token) => store.unload(token),
    unused: (inUse, retainMs) => store.unused(inUse, retainMs),
    ofBrowser: (browser) => store.ofBrowser(browser),
    orphans: () => store.orphans(),
    bytes: () => store.bytes(),
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
  /** A save was committed in this turn of the event loop; the next ones of the turn are committed together. */
  private hasSaved = false
  private waiting: Waiting[] = []
  private readonly queue: FileQueue
  private readonly working = new Set<Promise<unknown>>()

  constructor({ dir, survives = 'process', log = consoleLog, clock = systemClock }: DiskStoreOptions) {
    this.dir = dir
    this.survives = survives
    this.log = log
    this.clock = clock
    this.queue = new FileQueue(clock, isBusy)
  }

  async open(): Promise<void> {
    this.opened()
  }

  load(token: string): Promise<Stored | undefined> | Stored | undefined {
    return this.safely((tokens) => tokens.load(token))
  }

  read(token: string): Promise<Stored | undefined> | Stored | undefined {
    return this.safely((tokens) => tokens.read(token))
  }

  /** The first save of a turn of the event loop is committed at once, within microseconds; the other ones in one transaction. */
  save(token: string, next: Stored): Promise<void> | void {
    const tokens = this.opened()
    const isFirst = !this.hasSaved && this.waiting.length === 0
    if (isFirst) this.clock.turn(() => this.turned())
    if (isFirst && this.survives === 'process') {
      this.hasSaved = true
      this.file?.changed()
      return this.queue.do(() => tokens.save(token, next))
    }
    return new Promise((done, failed) => this.waiting.push({ token, next, done, failed }))
  }

  drop(token: string): Promise<void> | void {
    return this.after((tokens) => tokens.drop(token))
  }

  unload(token: string): Promise<void> | void {
    return this.after((tokens) => tokens.unload(token))
  }

  async unused(inUse: Iterable<string>, retainMs: number): Promise<readonly string[]> {
    let from: number | undefined = 0
    while (from !== undefined) {
      const next: number = from
      const more = this.after((tokens) => tokens.catchUp(next, sweepMs(retainMs)))
      from = isPromise(more) ? await more : more
      if (from !== undefined) await new Promise<void>((resolve) => this.clock.turn(resolve))
    }
    const some: string[] = []
    for (const token of inUse) {
      some.push(token)
      if (some.length < processLimits.tokensAtOnce) continue
      const full = some.splice(0)
      await this.after((tokens) => tokens.inUse(full))
      await new Promise<void>((resolve) => this.clock.turn(resolve))
    }
    return this.after((tokens) => {
      tokens.inUse(some)
      tokens.looked()
      return tokens.unused(retainMs)
    })
  }

  ofBrowser(browser: string): Promise<readonly string[]> | readonly string[] {
    return this.after((tokens) => tokens.ofBrowser(browser))
  }

  async orphans(): Promise<readonly string[]> {
    return this.after((tokens) => tokens.working())
  }

  bytes(): number {
    this.opened()
    return this.file?.bytes() ?? 0
  }

  async close(): Promise<void> {
    this.flush()
    this.closed = true
    await this.queue.close()
    await Promise.allSettled(this.working)
    const { file } = this
    this.file = undefined
    await file?.close()
  }

  private opened(): DiskTokens {
    if (this.closed) throw new HeldStateError('hub-closed', 'The store is closed.')
    this.file ??= new DiskFile(this.dir, this.log, this.clock)
    this.tokens ??= new DiskTokens(this.file.database, this.log, this.clock)
    return this.tokens
  }

  /** After the saves that wait are committed. */
  private after<T>(work: (tokens: DiskTokens) => T): Promise<T> | T {
    const tokens = this.opened()
    this.flush()
    this.file?.changed()
    return this.queue.do(() => work(tokens))
  }

  /** After a failed sync, a load does not return what a power cut could undo: the hub would take it for durable. */
  private safely<T>(work: (tokens: DiskTokens) => T): Promise<T> | T {
    const { file } = this
    return file?.isUnsafe ? file.secured().then(() => this.after(work)) : this.after(work)
  }

  private turned(): void {
    this.hasSaved = false
    this.flush()
  }

  private flush(): void {
    const { waiting, tokens, file } = this
    if (waiting.length === 0 || !tokens || !file) return
    this.waiting = []
    file.changed()
    const outcomes = this.queue.do(() => tokens.saveAll(waiting))
    if (this.survives === 'process' && !(outcomes instanceof Promise)) return settle(waiting, outcomes)
    const settled = this.settled(waiting, outcomes, file)
    this.working.add(settled)
    void settled.finally(() => this.working.delete(settled))
  }

  /** Resolves when they are committed and, for `'power'`, on the medium. */
  private async settled(saves: readonly Waiting[], committed: unknown, file: DiskFile): Promise<void> {
    let outcomes: readonly unknown[] = []
    try {
      outcomes = (await committed) as readonly unknown[]
      if (this.survives === 'power') await file.synced()
      settle(saves, outcomes)
    } catch (error) {
      const failure = new Error(`The disk rejected the write: ${messageOf(error)}`, { cause: error })
      settle(
        saves,
        saves.map((_, at) => outcomes[at] ?? failure),
      )
    }
  }
}

/** Settles each waiting save. `outcomes` has the error of each save that failed. */
function settle(waiting: readonly Waiting[], outcomes: readonly unknown[]): void {
  for (const [at, { done, failed }] of waiting.entries()) {
    const failure = outcomes[at]
    if (failure === undefined) done()
    else failed(failure)
  }
}
