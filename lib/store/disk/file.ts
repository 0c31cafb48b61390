/** The file of the disk store: opens, syncs and shrinks it, and notices when it was replaced or damaged. */
import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../base/clock.js'
import { HeldStateError, messageOf } from '../../base/errors.js'
import type { Log } from '../../base/log.js'
import { processLimits } from '../../base/server-limits.js'
import { Checkpoints } from './checkpoints.js'
import { DiskGuard } from './guard.js'
import { IntegrityCheck } from './integrity-check.js'
import { networkDisk } from './network-disk.js'
import { restrictToOwner } from './owner-only.js'
import { migrate } from './schema.js'
import { type Database, sqliteDriver } from './sqlite.js'

const name = 'state.sqlite'

export class DiskFile {
  readonly database: Database
  private readonly dir: string
  private readonly file: string
  private readonly log: Log
  private readonly clock: Clock
  private checkpoints: Checkpoints
  private readonly guard: DiskGuard
  /** The inode of the file when it was opened. */
  private readonly inode: number
  private journal: Promise<FileHandle> | undefined
  private cancelTick: (() => void) | undefined
  private cancelShrink = () => {}
  private readonly cancelCheck: () => void
  private check: IntegrityCheck | undefined
  private failure: string | undefined
  private counted = 0
  private countedAt = Number.NEGATIVE_INFINITY
  private closed = false
  private isTicking = false
  /** A sync has failed, so what was committed may not survive a power cut. */
  isUnsafe = false

  constructor(dir: string, log: Log, clock: Clock) {
    this.dir = dir
    this.file = join(dir, name)
    this.log = log
    this.clock = clock
    const driver = sqliteDriver()
    this.database = opened(dir, this.file, driver.open)
    this.inode = statSync(this.file).ino
    try {
      this.guard = new DiskGuard(driver, dir)
      this.checkpoints = new Checkpoints(driver, this.file)
    } catch (error) {
      this.database.close()
      throw error
    }
    this.warn()
    this.cancelCheck = clock.after(processLimits.checkAfterMs, () => void this.look())
  }

  private async look(): Promise<void> {
    let fault: string | undefined
    try {
      if (this.isGone()) return
      this.check = new IntegrityCheck(sqliteDriver(), this.file)
      fault = await this.check.fault
    } catch {} // no process could be started: the check is left out
    if (!fault || this.closed) return
    this.log.error(
      `${this.file} is damaged: ${fault}. Readable state is still served; a tab whose state cannot be read fails to load. Stop the server and restore a backup.`,
    )
  }

  private warn(): void {
    const { dir, log } = this
    const network = networkDisk(dir)
    if (network)
      log.warn(
        `${dir} is on a network disk (${network}). SQLite cannot rely on the locks of such a disk: if two machines write to it, the file is corrupted. Move it to a local disk, or keep the state in Redis.`,
      )
    if (!this.guard.isAlone)
      log.warn(
        `Another server also uses ${dir}. Nothing saved is lost, but changes that both make to one tab can fail (stale-write). Stop one of them, or set HELDSTATE_DIR to a different folder for each. To run several servers, keep the state in Redis.`,
      )
    for (const older of [dir, join(dir, 'state')])
      if (existsSync(join(older, 'data.mdb')))
        log.warn(`${older} contains a store of an older heldstate (data.mdb), which is ignored. Delete that file.`)
  }

  /** Something was saved: syncs it within a second. */
  changed(): void {
    this.cancelTick ??= this.clock.after(processLimits.checkpointMs, () => {
      this.cancelTick = undefined
      void this.tick().catch((error) => this.log.error(`Failed to maintain the store in ${this.dir}.`, error))
    })
  }

  /** Used bytes, as of the last second. */
  bytes(): number {
    const now = this.clock.now()
    if (now - this.countedAt >= processLimits.checkpointMs || now < this.countedAt) {
      this.countedAt = now
      this.counted = (this.pragma('page_count') - this.pragma('freelist_count')) * this.pragma('page_size')
    }
    return this.counted
  }

  /** Resolves when everything committed survives a power cut. */
  async synced(): Promise<void> {
    if (this.isUnsafe) return this.secured()
    try {
      await (await this.opening()).datasync()
    } catch (error) {
      this.isUnsafe = true
      throw error
    }
  }

  /** After a failed sync, the next one may succeed without having written anything; a checkpoint writes all of it again. */
  async secured(): Promise<void> {
    const failure = await this.checkpoints.run('all')
    if (failure) throw new Error(failure)
    this.isUnsafe = false
  }

  private opening(): Promise<FileHandle> {
    this.journal ??= open(`${this.file}-wal`, 'r+').catch((error) => {
      this.journal = undefined
      throw error
    })
    return this.journal
  }

  async close(): Promise<void> {
    this.closed = true
    this.cancelTick?.()
    this.cancelShrink()
    this.cancelCheck()
    this.check?.close()
    await this.checkpoints.close()
    this.database.close()
    this.guard.release()
    await this.journal?.then((journal) => journal.close()).catch(() => {})
  }

  private async tick(): Promise<void> {
    if (this.closed) return
    if (this.isTicking) return this.changed()
    this.isTicking = true
    try {
      await this.bring()
    } finally {
      this.isTicking = false
    }
  }

  private async bring(): Promise<void> {
    const isGone = this.isGone()
    if (this.checkpoints.isClosed && !isGone) this.checkpoints = new Checkpoints(sqliteDriver(), this.file)
    const failure = isGone ? gone : await this.checkpoints.run()
    if (failure !== this.failure && failure)
      this.log.error(isGone ? `${this.file} ${failure}` : `Failed to sync the store in ${this.dir} to disk: ${failure}`)
    this.failure = failure
    if (!isGone) this.shrink()
  }

  /** Returns unused pages to the file system, some at a time. */
  private shrink(): void {
    if (this.closed) return
    try {
      if (!this.vacuumed()) return
    } catch {
      return // another process writes, or the disk is full: the next save tries again and reports it
    }
    this.changed()
    this.cancelShrink()
    this.cancelShrink = this.clock.after(processLimits.shrinkPauseMs, () => this.shrink())
  }

  /** Whether there were enough of them. */
  private vacuumed(): boolean {
    const [free, all] = [this.pragma('freelist_count'), this.pragma('page_count')]
    if (free < Math.max(processLimits.sparePages, all / 4)) return false
    this.database.exec(`PRAGMA incremental_vacuum(${processLimits.pagesAtOnce})`) // a prepared statement that fails stays open
    return true
  }

  private pragma(name: string): number {
    return Number(Object.values(this.database.prepare(`PRAGMA ${name}`).get() ?? {})[0])
  }

  private isGone(): boolean {
    try {
      return statSync(this.file).ino !== this.inode
    } catch {
      return true
    }
  }
}

const gone = 'was removed or replaced while the server runs. New saves are lost when the process ends: restart it.'

function opened(dir: string, file: string, open: (file: string) => Database): Database {
  let database: Database | undefined
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    database = open(file)
    database.exec(
      `PRAGMA busy_timeout = ${processLimits.busyMs}; PRAGMA page_size = ${processLimits.pageBytes}; PRAGMA auto_vacuum = INCREMENTAL`,
    )
    database.exec('PRAGMA journal_mode = WAL')
    restrictToOwner(file) // SQLite gives the files of its log the same mode
    database.exec('PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0')
    migrate(database, file)
    database.exec('PRAGMA busy_timeout = 0') // from now on, waiting for the file does not block the event loop
    return database
  } catch (cause) {
    database?.close()
    if (cause instanceof HeldStateError) throw cause
    throw new HeldStateError(
      'load-failed',
      `The store in ${dir} could not be opened: ${messageOf(cause)}. ${canBeWritten(dir) ? 'If it is corrupted, move the folder away; tabs then start from scratch.' : 'The folder is not writable. Make it writable for the user that runs the server.'}`,
      { cause },
    )
  }
}

function canBeWritten(dir: string): boolean {
  try {
    accessSync(dir, constants.W_OK)
    return true
  } catch {
    return !existsSync(dir)
  }
}
