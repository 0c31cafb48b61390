/** The SQL statements of the disk store. Texts are read as bytes, because a damaged file may hold bytes that are no text. */

/** Writes so many texts at once. Each statement costs microseconds by itself, and a save of a small state writes two or three texts. */
const putting = (texts: number) =>
  `INSERT INTO texts (token_id, key, text) VALUES ${Array(texts).fill('(?, ?, ?)').join(', ')} ON CONFLICT DO UPDATE SET text = excluded.text`

export const statements = {
  begin: 'BEGIN IMMEDIATE',
  commit: 'COMMIT',
  rollback: 'ROLLBACK',
  find: 'SELECT id, revision, version FROM tokens WHERE token = ?',
  claim: 'UPDATE tokens SET version = version + 1, used_at = ? WHERE id = ? AND version = ?',
  add: 'INSERT INTO tokens (token, revision, version, used_at, has_tasks) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
  advance: 'UPDATE tokens SET revision = ?, version = version + 1 WHERE id = ? AND version = ?',
  advanceTasks: 'UPDATE tokens SET revision = ?, version = version + 1, has_tasks = ? WHERE id = ? AND version = ?',
  put: putting(1),
  putTwo: putting(2),
  putThree: putting(3),
  setAside: "UPDATE OR REPLACE texts SET key = 'damaged/' || key WHERE token_id = ? AND key = ?",
  remove: 'DELETE FROM texts WHERE token_id = ? AND key = ?',
  texts:
    "SELECT CAST(key AS BLOB) AS key, CAST(text AS BLOB) AS text FROM texts WHERE token_id = ? AND key NOT LIKE 'damaged/%'",
  dropTexts: 'DELETE FROM texts WHERE token_id = ?',
  dropToken: 'DELETE FROM tokens WHERE id = ?',
  use: 'UPDATE tokens SET used_at = ? WHERE token = ?',
  lookedAt: 'SELECT looked_at FROM looks',
  look: 'INSERT INTO looks (id, looked_at) VALUES (1, ?) ON CONFLICT DO UPDATE SET looked_at = excluded.looked_at',
  clamp: 'UPDATE tokens SET used_at = ? WHERE id IN (SELECT id FROM tokens WHERE used_at > ? LIMIT ?)',
  lastId: 'SELECT max(id) AS id FROM tokens',
  spare: 'UPDATE tokens SET used_at = used_at + ? WHERE id > ? AND id <= ? AND used_at <= ?',
  unused: 'SELECT CAST(token AS BLOB) AS token FROM tokens WHERE used_at < ? ORDER BY used_at LIMIT ?',
  unusedIn: 'SELECT CAST(token AS BLOB) AS token FROM tokens WHERE id > ? AND id <= ? AND +used_at < ?',
  workingIn: 'SELECT CAST(token AS BLOB) AS token FROM tokens WHERE id > ? AND id <= ? AND +has_tasks = 1',
  ofBrowser:
    "SELECT CAST(token AS BLOB) AS token FROM texts JOIN tokens ON tokens.id = texts.token_id WHERE key = 'browser' AND text = ?",
  working: 'SELECT CAST(token AS BLOB) AS token FROM tokens WHERE has_tasks = 1',
} as const

export type StatementName = keyof typeof statements
