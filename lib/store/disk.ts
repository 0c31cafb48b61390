/**
 * The disk store: a folder on this machine, kept by LMDB. What a save acknowledged survives the end of the process at any
 * moment: LMDB writes copies and then one page that names them, so there is no half of a change. Saves of one turn go out
 * as one transaction. Each state of a token is a record of its own, so a change writes the states it touched.
 */
import type { Database, RootDatabase } from 'lmdb'
import { decode, encode } from '../base/encode.js'
import { HeldStateError, messageOf } from '../base/errors.js'
import { after, type Eventually } from '../base/eventually.js'
import { consoleLog, type Log } from '../base/log.js'
import type { Shape } from '../state/shape.js'
import { refuseStale } from './memory.js'
import type { Fields, PageCalls, StateStore, Stored, TaskName } from './store.js'

export interface DiskStoreOptions {
  /** The folder. It is made if it is missing. */
  readonly dir: string
  /**
   * What an acknowledged save survives: the end of the process (`'process'`, the default), or also that of the machine
   * (`'power'`), which costs a write to the medium for each batch of saves.
   */
  readonly survives?: 'process' | 'power'
  readonly log?: Log
}

/** What stands beside the states of a token. Its LMDB version is the revision. */
interface Head {
  readonly revision: number
  readonly calls: readonly PageCalls[]
  readonly running: readonly TaskName[]
  readonly shapes: Readonly<Record<string, Shape>>
  /** The states that have a record. */
  readonly ids: readonly string[]
}

type Key = [token: string] | [token: string, id: string]

export function diskStore({ dir, survives = 'process', log = consoleLog }: DiskStoreOptions): StateStore {
  let opening: Promise<RootDatabase<string, Key>> | undefined
  let opened: Records | undefined
  let closed = false
  const records = (): Eventually<Records> => {
    if (closed) throw new HeldStateError('hub-closed', `The store in ${dir} is closed.`)
    opening ??= openDatabase(dir)
    return (
      opened ??
      opening.then((database) => {
        opened ??= new Records(database, log)
        return opened
      })
    )
  }
  return {
    load: (token) => after(records(), (all) => all.load(token)),
    save: async (token, next) => {
      const all = await records()
      await all.save(token, next)
      if (survives === 'power') await all.flushed()
    },
    drop: async (token) => (await records()).drop(token),
    close: async () => {
      closed = true
      if (opening) await (await opening).close()
    },
  }
}

/** LMDB is native code, so it is loaded by the process that opens a store, and by no other that only knows this file. */
async function openDatabase(dir: string): Promise<RootDatabase<string, Key>> {
  const { open } = await import('lmdb')
  try {
    return open<string, Key>({ path: dir, encoding: 'string', useVersions: true, cache: false })
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
  private readonly log: Log
  /** What is kept of each token, to know which states a save changes. */
  private readonly kept = new Map<string, Stored>()

  constructor(database: Database<string, Key>, log: Log) {
    this.database = database
    this.log = log
  }

  load(token: string): Stored | undefined {
    const head = this.head(token)
    if (!head) return undefined
    const state: Record<string, Fields> = {}
    for (const id of head.ids) {
      const fields = this.fields(token, id)
      if (fields) state[id] = fields
    }
    const stored = { revision: head.revision, state, calls: head.calls, running: head.running, shapes: head.shapes }
    this.kept.set(token, stored)
    return stored
  }

  async save(token: string, next: Stored): Promise<void> {
    const before = this.kept.get(token)
    const { revision, state, calls, running, shapes } = next
    const head: Head = { revision, calls, running, shapes, ids: Object.keys(state) }
    const write = () => {
      void this.database.put([token], JSON.stringify(head), next.revision)
      for (const id of head.ids)
        if (next.state[id] !== before?.state[id])
          void this.database.put([token, id], JSON.stringify(encode(next.state[id])), next.revision)
    }
    const saved = await (next.revision === 1
      ? this.database.ifNoExists([token], write)
      : this.database.ifVersion([token], next.revision - 1, write))
    if (saved) this.kept.set(token, next)
    else refuseStale(this.head(token)?.revision ?? 0, next.revision)
  }

  async drop(token: string): Promise<void> {
    const ids = this.head(token)?.ids ?? []
    this.kept.delete(token)
    await Promise.all([...ids.map((id) => this.database.remove([token, id])), this.database.remove([token])])
  }

  async flushed(): Promise<void> {
    await this.database.flushed
  }

  private head(token: string): Head | undefined {
    const text = this.database.get([token])
    try {
      return text === undefined ? undefined : JSON.parse(text)
    } catch {
      void this.database.put([token, '\u0000damaged'], text ?? '')
      void this.database.remove([token])
      this.log.error('The saved state of a tab could not be read, so the tab starts anew.')
      return undefined
    }
  }

  /** A record that cannot be read is set aside, so that the rest of the state lives on and nobody overwrites it. */
  private fields(token: string, id: string): Fields | undefined {
    const text = this.database.get([token, id])
    try {
      if (text === undefined) throw new Error('the record is missing')
      return decode(JSON.parse(text)) as Fields
    } catch (error) {
      if (text !== undefined) void this.database.put([token, `${id}\u0000damaged`], text)
      this.log.error(`The saved state "${id}" of a tab could not be read and starts anew: ${messageOf(error)}.`)
      return undefined
    }
  }
}
