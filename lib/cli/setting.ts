/** A setting of the app as production will have it: from the environment, or from the files in which Next looks for it. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** In the order in which Next lets them win for production. */
const files = ['.env.production.local', '.env.local', '.env.production', '.env']

export interface Setting {
  /** Where it is set; empty if nowhere. */
  readonly from: string
  readonly value: string
}

export function settingOf(dir: string, name: string, environment: string | undefined): Setting {
  if (environment) return { from: 'the environment', value: environment }
  const line = new RegExp(`^\\s*(?:export\\s+)?${name}\\s*=\\s*(.*)$`, 'm')
  for (const file of files) {
    const path = join(dir, file)
    const found = existsSync(path) && line.exec(readFileSync(path, 'utf8'))
    if (found) return { from: file, value: unquoted((found[1] ?? '').trim()) }
  }
  return { from: '', value: '' }
}

const unquoted = (text: string) => /^(["'])(.*)\1/.exec(text)?.[2] ?? text.replace(/\s+#.*$/, '')
