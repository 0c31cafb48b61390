/**
 * Detects whether another server uses the folder of a store. Each holds a lock of the operating system on a file next to it, which is freed
 * with its process, however that dies.
 */
import { join } from 'node:path'
import { restrictToOwner } from './owner-only.js'
import type { Database, Driver } from './sqlite.js'

export class DiskGuard {
  /** Whether no other process, and no other store of this process, uses the folder. */
  readonly isAlone: boolean
  private readonly lock: Database

  constructor({ open }: Driver, dir: string) {
    const file = join(dir, 'server.lock')
    this.lock = open(file)
    this.isAlone = this.locked()
    restrictToOwner(file)
  }

  release(): void {
    this.lock.close()
  }

  private locked(): boolean {
    try {
      this.lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE') // no further file, since nothing is written
      return true
    } catch {
      return false
    }
  }
}
