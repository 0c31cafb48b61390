import { chmodSync } from 'node:fs'

/** Makes a file readable for its owner only. A file of another user stays as it is. */
export function restrictToOwner(file: string): void {
  try {
    chmodSync(file, 0o600)
  } catch {}
}
