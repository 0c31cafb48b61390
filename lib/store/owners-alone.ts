import { chmodSync } from 'node:fs'

/** Makes a file one that only its owner can read. One of another user, which this one may write, stays as it is. */
export function ownersAlone(file: string): void {
  try {
    chmodSync(file, 0o600)
  } catch {}
}
