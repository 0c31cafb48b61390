/** A change to a file, planned and shown before it is made. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { hunksOf } from '../delta/hunks.js'
import { Refusal } from './refusal.js'
import { paint, type Terminal } from './terminal.js'

export interface Change {
  /** Below the folder of the app. */
  readonly path: string
  /** The file as it is; undefined if it is new. */
  readonly before?: string
  readonly after: string
}

/** As `diff -u` shows it, with two lines around each hunk. */
export function shown({ path, before, after }: Change, terminal: Terminal): string {
  const title = paint(terminal, 'bold', before === undefined ? `${path} (new)` : path)
  const [old, next] = [linesOf(before ?? ''), linesOf(after)]
  const lines: string[] = []
  let at = 0
  for (const { start, deleted, inserted, nextStart } of withPlaces(hunksOf(old, next))) {
    if (lines.length > 0 && start - 2 > at + 2) lines.push(paint(terminal, 'grey', '  …'))
    const from = Math.max(lines.length > 0 ? at : 0, start - 2)
    lines.push(...old.slice(Math.min(from, start), start).map((line) => `    ${line}`))
    lines.push(...old.slice(start, start + deleted).map((line) => paint(terminal, 'red', `  - ${line}`)))
    lines.push(...next.slice(nextStart, nextStart + inserted).map((line) => paint(terminal, 'green', `  + ${line}`)))
    at = start + deleted
  }
  if (before !== undefined) lines.push(...old.slice(at, at + 2).map((line) => `    ${line}`))
  return [title, ...lines, ''].join('\n')
}

/** Makes all changes; refuses before the first if a file is not any more as it was when they were planned. */
export function makeAll(dir: string, changes: readonly Change[]): void {
  for (const { path, before } of changes) {
    const file = join(dir, path)
    const now = existsSync(file) ? readFileSync(file, 'utf8') : undefined
    if (now !== before)
      throw new Refusal(`${path} was modified during the run; nothing was written. Run the command again.`)
  }
  for (const { path, before, after } of changes) {
    const file = join(dir, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, after, { flag: before === undefined ? 'wx' : 'w' })
  }
}

const linesOf = (text: string) => (text === '' ? [] : text.replace(/\n$/, '').split('\n'))

/** Hunks are by places of the old lines; what was inserted before moves those of the new ones. */
function withPlaces(hunks: ReturnType<typeof hunksOf>) {
  let moved = 0
  return hunks.map((hunk) => {
    const nextStart = hunk.start + moved
    moved += hunk.inserted - hunk.deleted
    return { ...hunk, nextStart }
  })
}
