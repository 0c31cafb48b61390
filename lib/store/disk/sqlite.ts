/**
 * An SQLite database in one file: with the SQLite of Node (22.13 and newer), else with the package libsql, the same engine built for each
 * platform. Both are synchronous. Only this file knows them.
 */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { HeldStateError } from '../../base/errors.js'

export type Value = string | number | null | Uint8Array

export type Row = Readonly<Record<string, Value>>

export interface Statement {
  /** Returns the number of changed rows. */
  run(...values: Value[]): number
  get(...values: Value[]): Row | undefined
  all(...values: Value[]): readonly Row[]
}

export interface Database {
  exec(sql: string): void
  prepare(sql: string): Statement
  close(): void
}

/**
 * Reads a text that was selected as `CAST(… AS BLOB)`. On a damaged page it may be no UTF-8: then this throws, while the package would stop
 * the process if it were asked for the text itself.
 */
export const textOf = (value: Value | undefined): string => decoder.decode(value as Uint8Array)

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The part of the interface that both engines have. */
interface NativeStatement {
  run(...values: Value[]): { readonly changes: number | bigint }
  all(...values: Value[]): unknown[]
}

interface NativeDatabase {
  exec(sql: string): unknown
  prepare(sql: string): NativeStatement
  close(): unknown
}

export interface Driver {
  /** The name or the file of the module, for a worker that loads it by itself. */
  readonly module: string
  /** The name under which the module exports its database class. */
  readonly export: 'DatabaseSync' | 'default'
  open(file: string): Database
}

/** Another connection, of this process or of another, holds the file for now. */
export const isBusy = (error: unknown): boolean => hasCode(error, 'SQLITE_BUSY', 5)

/** A page of the file is damaged. */
export const isDamaged = (error: unknown): boolean => hasCode(error, 'SQLITE_CORRUPT', 11)

/** The package names the code, Node gives its number; the bits above say more. */
function hasCode(error: unknown, name: string, number: number): boolean {
  const { errcode, code, cause } = (error ?? {}) as { errcode?: number; code?: unknown; cause?: unknown }
  if (cause !== undefined) return hasCode(cause, name, number)
  return String(code).startsWith(name) || (errcode !== undefined && (errcode & 0xff) === number)
}

let found: Driver | undefined

/** Throws if there is none. */
export function sqliteDriver(): Driver {
  found ??= ofNode() ?? ofPackage()
  return found
}

function ofNode(): Driver | undefined {
  const load = process.getBuiltinModule as ((name: string) => unknown) | undefined
  const known = withoutWarning(() => load?.('node:sqlite')) as { DatabaseSync: Maker } | undefined
  return known && driver('node:sqlite', 'DatabaseSync', known.DatabaseSync)
}

/** Looks for the package from this file, and from the app if a bundler has moved this file. */
function ofPackage(): Driver {
  const name = ['lib', 'sql'].join('') // a bundler that reads it would look into the binary
  try {
    const require = [import.meta.url, join(process.cwd(), 'package.json')]
      .map((from) => createRequire(from))
      .find((require) => canResolve(require, name))
    if (!require) throw new Error('It cannot be found.')
    return driver(require.resolve(name), 'default', require(name) as Maker)
  } catch (cause) {
    throw new HeldStateError(
      'load-failed',
      'This Node has no SQLite, and the package "libsql" is not installed. Install "libsql", or use Node 22.13 or newer.',
      { cause },
    )
  }
}

function canResolve(require: NodeJS.Require, name: string): boolean {
  try {
    return require.resolve(name) !== ''
  } catch {
    return false
  }
}

type Maker = new (file: string) => NativeDatabase

function driver(module: string, name: Driver['export'], Database: Maker): Driver {
  return { module, export: name, open: (file) => wrapped(new Database(file)) }
}

const wrapped = (native: NativeDatabase): Database => ({
  exec: (sql) => void native.exec(sql),
  prepare: (sql) => {
    const statement = native.prepare(sql)
    return {
      run: (...values) => Number(statement.run(...values).changes),
      get: (...values) => statement.all(...values)[0] as Row | undefined, // get() of the package never works again once a page was damaged
      all: (...values) => statement.all(...values) as Row[],
    }
  },
  close: () => void native.close(),
})

/** Suppresses Node's warning that its SQLite may change. The part that is used here has never changed. */
function withoutWarning<T>(work: () => T): T {
  const { emitWarning } = process
  process.emitWarning = ((warning: string | Error, ...rest: never[]) => {
    if (!String(warning).includes('SQLite')) emitWarning.call(process, warning, ...rest)
  }) as typeof emitWarning
  try {
    return work()
  } finally {
    process.emitWarning = emitWarning
  }
}
