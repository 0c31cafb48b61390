/**
 * The way of an error through the author's own code, for Next's overlay: in development a page is sent it beside code and message, in
 * production never. The files are those that the server runs; Next finds the lines of their sources.
 */
import { isAbsolute } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Failure } from '../base/errors.js'

/** This library, as its files are named in a stack. */
const library = [new URL('..', import.meta.url).href, fileURLToPath(new URL('..', import.meta.url))]

/** How many lines a page is sent at most. */
const longest = 10

/** What goes with a failure to the page. */
export function trailOf(error: unknown): Pick<Failure, 'stack'> {
  if (process.env.NODE_ENV !== 'development') return {}
  const lines = linesOf(origin(error))
  return lines.length > 0 ? { stack: lines.join('\n') } : {}
}

/** What was first: an error of ours that wraps another says less of where it came from. */
function origin(error: unknown): unknown {
  const seen = new Set<unknown>()
  let first = error
  while (first instanceof Error && first.cause instanceof Error && !seen.has(first)) {
    seen.add(first)
    first = first.cause
  }
  return first
}

function linesOf(error: unknown): readonly string[] {
  if (!(error instanceof Error) || typeof error.stack !== 'string') return []
  const lines = error.stack.split('\n').flatMap((line) => {
    const [, name = '', file = '', at = ''] = /^ +at (?:(.*) \()?(.+?)(:\d+:\d+)\)?$/.exec(line) ?? []
    if (file === '' || isForeign(file)) return []
    return [`    at ${name || '<anonymous>'} (${isAbsolute(file) ? pathToFileURL(file).href : file}${at})`]
  })
  return lines.slice(0, longest)
}

const isForeign = (file: string) =>
  file.startsWith('node:') || /[\\/]node_modules[\\/]/.test(file) || library.some((folder) => file.startsWith(folder))
