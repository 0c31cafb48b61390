/** The tables of the store on disk, and how an older file becomes one of this version. */
import { HeldStateError } from '../../base/errors.js'
import type { Database } from './sqlite.js'

/** The application id of the file, "held", by which `file` and other programs recognise it. */
const applicationId = 0x68656c64

/** Each leads from the version before to the next. What was released is never changed. */
const migrations: readonly string[] = [
  `
  -- Tokens: one for each tab. Its revision rises with each save, its version with each save and each load by a process.
  CREATE TABLE tokens (
    id INTEGER PRIMARY KEY,
    token TEXT NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    version INTEGER NOT NULL,
    -- When it was last known to be in use, in milliseconds since 1970.
    used_at INTEGER NOT NULL,
    -- 1 while background tasks of it have not ended.
    has_tasks INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX tokens_by_use ON tokens (used_at);
  CREATE INDEX tokens_with_tasks ON tokens (id) WHERE has_tasks = 1;
  -- What is kept of a token, as JSON by key: "state/<state>", "field/<state>/<field>" and its patches "field/<state>/<field>/<number>",
  -- "calls", "running", "ended", "browser" and "forgotten". In a name, "%" and "/" are written as %25 and %2F. "damaged/..." could not be read, and is kept aside.
  CREATE TABLE texts (
    token_id INTEGER NOT NULL REFERENCES tokens (id),
    key TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (token_id, key)
  ) STRICT;
  CREATE VIEW fields AS
    SELECT token, substr(key, 7) AS field, text, length(text) AS length
    FROM texts JOIN tokens ON tokens.id = texts.token_id WHERE key LIKE 'field/%';
  CREATE VIEW runs AS
    SELECT token, run.value ->> 'definition' AS state, run.value ->> 'task' AS task, run.value ->> 'attempt' AS attempt,
      run.value ->> 'progress' AS progress, run.value ->> 'note' AS note
    FROM texts JOIN tokens ON tokens.id = texts.token_id, json_each(text) AS run WHERE key = 'running';
  `,
  `
  -- When a server looked last which tokens are in use. Time in which none did counts for the age of no token.
  CREATE TABLE looks (id INTEGER PRIMARY KEY CHECK (id = 1), looked_at INTEGER NOT NULL) STRICT;
  -- The tokens of a browser: "browser" is the hash of its id.
  CREATE INDEX IF NOT EXISTS texts_of_browsers ON texts (text) WHERE key = 'browser';
  `,
  `
  -- Patches of a field may be splices of a text, "[path, start, deleteCount, words]"; one that is a JSON string goes on where the one before it ended.
  SELECT 1;
  `,
]

/** Throws if the file is of a newer version, or no file of ours. Gives its version; an empty file has 0. */
export function refuseForeign(database: Database, file: string): number {
  const { user_version: from = 0 } = database.prepare('PRAGMA user_version').get() ?? {}
  const { application_id: id = 0 } = database.prepare('PRAGMA application_id').get() ?? {}
  if (id !== applicationId && (id !== 0 || from !== 0))
    throw new HeldStateError('load-failed', `${file} is a database of another program. Move it away.`)
  if (Number(from) > migrations.length)
    throw new HeldStateError(
      'load-failed',
      `${file} was written by a newer version of heldstate (its tables have version ${from}, this one knows ${migrations.length}). Install that version, or move the file away; tabs then start from scratch.`,
    )
  return Number(from)
}

/** Brings a file to this version. Throws if it is a newer one, or no file of ours. */
export function migrate(database: Database, file: string): void {
  const from = refuseForeign(database, file)
  if (from === migrations.length) return
  database.exec('BEGIN IMMEDIATE')
  try {
    for (const step of migrations.slice(from)) database.exec(step)
    database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${migrations.length}`)
    database.exec('COMMIT')
  } catch (error) {
    database.exec('ROLLBACK')
    throw error
  }
}
