/**
 * The way of an error through the author's own code, for Next's overlay: in development a page is sent it along with code and message, in
 * production never. The files are those that the server runs; Next finds the lines of their sources.
 */
import { isAbsolute } from 'node:path'
import { pathToFileURL } from 'node:url'
import { hiddenBy } from '../base/concealed.js'
import { type Failure, messageOf } from '../base/errors.js'
import { isForAuthors } from '../base/failure.js'
import { textLimits } from '../base/limits.js'
import { cut } from '../base/text.js'

/** How many lines a page is sent at most. */
const longest = 10

/** What goes with a failure to the page. A test has stacks of its own, and wants the words. */
export function devStackOf(error: unknown): Pick<Failure, 'stack' | 'original'> {
  if (!isForAuthors()) return {}
  const lines = process.env.NODE_ENV === 'development' ? linesOf(origin(error)) : []
  const hidden = hiddenBy(error)
  return {
    ...(lines.length > 0 && { stack: lines.join('\n') }),
    ...(hidden && { original: cut(messageOf(hidden.thrown), textLimits.messageText) }),
  }
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
  const library = libraryFolder()
  const isForeign = ({ file }: Line) =>
    file.startsWith('node:') ||
    /[\\/]node_modules[\\/]/.test(file) ||
    (library !== undefined && file.startsWith(library))
  return stackOf(error)
    .filter((line) => !isForeign(line))
    .slice(0, longest)
    .map(({ name, file, at }) => cut(`    at ${name} (${file}${at})`, textLimits.messageText))
}

interface Line {
  readonly name: string
  /** As a URL. */
  readonly file: string
  readonly at: string
}

function stackOf(error: unknown): readonly Line[] {
  if (!(error instanceof Error) || typeof error.stack !== 'string') return []
  return error.stack.split('\n').flatMap((line) => {
    const [, name = '<anonymous>', file, at = ''] = /^ +at (?:(.*) \()?(.+?)(:\d+:\d+)\)?$/.exec(line) ?? []
    return file === undefined ? [] : [{ name, file: isAbsolute(file) ? pathToFileURL(file).href : file, at }]
  })
}

/** Where this library lies, as a stack names it: bundlers would take `import.meta.url` for an asset. */
const libraryFolder = () => /^.*\/(?=session\/dev-stack\.[jt]s$)/.exec(stackOf(new Error())[0]?.file ?? '')?.[0]
