/** The exports of a door as its source lists them, types marked as such: a door is nothing but a list of re-exports. */
import { readFileSync } from 'node:fs'

export function fromSource(file: string): string[] {
  const statements = readFileSync(file, 'utf8').matchAll(/export (type )?\{([^}]*)\} from/g)
  return [...statements]
    .flatMap(([, type, names = '']) =>
      names
        .split(',')
        .map((name) => name.trim())
        .filter(Boolean)
        .map((name) => `${type && !name.startsWith('type ') ? 'type ' : ''}${name.replace(/^(type )?.* as /, '$1')}`),
    )
    .sort()
}
