/** The state modules of a running app in development, as its server sees them. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Clock } from '../../base/clock.js'
import { findStateFiles, noticeFile, sourceOf } from '../plugin/state-files.js'

export class StateFolder {
  private readonly root: string
  private readonly packages: readonly string[]
  private readonly clock: Clock

  constructor(root: string, packages: readonly string[], clock: Clock) {
    this.root = root
    this.packages = packages
    this.clock = clock
  }

  /** Their places, as the list of modules names them. */
  sources(): readonly string[] {
    return findStateFiles(this.root, this.packages).files.map((file) => sourceOf(this.root, file))
  }

  /** Makes the bundler look again, also where it does not watch. */
  notify(): void {
    const file = noticeFile(this.root)
    try {
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, `${this.clock.now()}\n`) // Turbopack looks only if the text is another
    } catch {
      // a folder that cannot be written to: waiting requests report that the bundler has noticed nothing
    }
  }
}
