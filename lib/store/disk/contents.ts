/** Reads the contents of a store on the disk while a server may be using it. */
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { refuseForeign } from './schema.js'
import { type Database, type Row, sqliteDriver } from './sqlite.js'

export interface DiskContents {
  readonly file: string
  /** Bytes of the file and its log. */
  readonly bytes: number
  /** Unused bytes of the file. A running server gives them back. */
  readonly freeBytes: number
  readonly tokens: number
  readonly tokensWithTasks: number
  /** Texts that could not be read and were set aside. */
  readonly damaged: number
  /** The largest first. */
  readonly states: readonly { readonly state: string; readonly tokens: number; readonly characters: number }[]
  /** The damage that SQLite reports. */
  readonly fault: string | undefined
}

/** `undefined` if there is no file. Throws if it is none of ours, or cannot be opened. */
export function diskContents(dir: string): DiskContents | undefined {
  const file = join(dir, 'state.sqlite')
  if (!existsSync(file)) return undefined
  const database = sqliteDriver().open(file)
  try {
    database.exec('PRAGMA busy_timeout = 2000; PRAGMA query_only = 1')
    refuseForeign(database, file)
    return read(database, file)
  } finally {
    database.close()
  }
}

function read(database: Database, file: string): DiskContents {
  const one = (sql: string) => Object.values(database.prepare(sql).get() ?? {})[0]
  const count = (sql: string) => Number(one(sql) ?? 0)
  const check = String(one('PRAGMA quick_check(1)'))
  const whole = { file, bytes: sizeOf(file) + sizeOf(`${file}-wal`) }
  if (check !== 'ok')
    return { ...whole, freeBytes: 0, tokens: 0, tokensWithTasks: 0, damaged: 0, states: [], fault: check }
  return {
    ...whole,
    freeBytes: count('PRAGMA freelist_count') * count('PRAGMA page_size'),
    tokens: count('SELECT count(*) FROM tokens'),
    tokensWithTasks: count('SELECT count(*) FROM tokens WHERE has_tasks = 1'),
    damaged: count("SELECT count(*) FROM texts WHERE key LIKE 'damaged/%'"),
    states: database.prepare(statesSql).all().map(stateOf),
    fault: undefined,
  }
}

const sizeOf = (file: string) => (existsSync(file) ? statSync(file).size : 0)

const stateOf = ({ state, tokens, characters }: Row) => ({
  state: Buffer.from(state as Uint8Array).toString(),
  tokens: Number(tokens),
  characters: Number(characters),
})

/** The name of the state is the second part of the key. */
const statesSql = `
  SELECT CAST(substr(key, 7, instr(substr(key, 7), '/') - 1) AS BLOB) AS state, count(DISTINCT token_id) AS tokens, sum(length(text)) AS characters
  FROM texts WHERE key LIKE 'field/%' GROUP BY state ORDER BY characters DESC`
