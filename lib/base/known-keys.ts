/** Options objects hold what they know: a misspelt option would be worse than none, since nobody notices it. */
import { type ErrorCode, HeldStateError } from './errors.js'

/** Throws `code` where the keys of `given` are not all known. */
export function refuseUnknown(code: ErrorCode, where: string, given: object, known: Iterable<string>): void {
  const problem = unknownKey(where, given, known)
  if (problem) throw new HeldStateError(code, problem)
}

/**
 * Says what is wrong with the keys of `given`, if they are not all known: `on({ timout }): there is no such option. …`. `where` names what was given
 * them.
 */
export function unknownKey(where: string, given: object, known: Iterable<string>): string | undefined {
  const names = [...known]
  const unknown = Object.keys(given).find((key) => !names.includes(key))
  if (unknown === undefined) return undefined
  const meant = closest(unknown, names)
  return `${where}({ ${unknown} }): unknown option. Known options: ${names.join(', ')}.${meant ? ` Did you mean ${meant}?` : ''}`
}

/** The name that was most likely meant, if one is near. */
function closest(given: string, names: readonly string[]): string | undefined {
  const most = Math.ceil(given.length * 0.4)
  const near = names.map((name) => ({ name, edits: editsOf(given.toLowerCase(), name.toLowerCase()) }))
  const [best] = near.filter(({ edits }) => edits <= most).sort((a, b) => a.edits - b.edits)
  return best?.name ?? names.find((name) => isPart(name, given))
}

const isPart = (name: string, given: string) =>
  given.length > 3 &&
  (name.toLowerCase().includes(given.toLowerCase()) || given.toLowerCase().includes(name.toLowerCase()))

/** How many letters have to be put in, taken out, replaced or swapped with their neighbour. */
function editsOf(a: string, b: string): number {
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const swapped = isSwap ? (before[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY
      next.push(Math.min(replaced, swapped, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    before = row
    row = next
  }
  return row[b.length] ?? 0
}
