/**
 * The examples of the docs, taken out of their pages so that they are compiled and run. Each page becomes a folder below
 * `docs/.examples`; a block becomes the file that its first line names (`// app/counter.state.ts`), and stands there at the
 * line at which it stands in the page, so a compiler's complaint names the line of the page. A path that comes again begins
 * a new part of the page, with files of its own.
 *
 * A block of code that a page does not show stands in a comment: `<!-- run`, the code, `-->`. Words after the language
 * do not show either: `no-check` is not compiled, `no-run` is not run.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

/** A path in a page is relative to the app; a block without one is a script of its own. */
const pathLine = /^\/\/ ([\w@[\]./-]+\.tsx?)\b/

interface Block {
  /** Of its first line of code, counted from 1. */
  readonly line: number
  readonly language: 'ts' | 'tsx'
  readonly words: readonly string[]
  readonly code: string
}

export interface Example {
  readonly page: string
  readonly line: number
  /** Where it was written to. */
  readonly file: string
  readonly kind: Kind
}

/** State modules and scripts are run, tests run themselves, and components, pages and servers are compiled only. */
export type Kind = 'compiled' | 'state' | 'script' | 'test'

/** All pages with examples, by their paths in the repository. */
export function pagesOf(root: string): string[] {
  const within = (name: string) => readdirSync(join(root, 'docs', name)).map((file) => `${name}/${file}`)
  const pages = readdirSync(join(root, 'docs'), { withFileTypes: true })
    .filter(({ name }) => !name.startsWith('.')) // examples, which another test may be about to remove
    .flatMap((entry) => (entry.isDirectory() ? within(entry.name) : [entry.name]))
  return ['README.md', ...pages.filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)].sort()
}

/** Writes the examples of `page` below `folder`, and says where. */
export function extract(root: string, page: string, folder: string): readonly Example[] {
  const home = join(folder, page.replace(/\.md$/, ''))
  rmSync(home, { recursive: true, force: true })
  let part = 0
  const taken = new Set<string>()
  return blocksOf(readFileSync(join(root, page), 'utf8'))
    .filter(({ words }) => !words.includes('no-check'))
    .map(({ line, language, words, code }) => {
      const named = pathLine.exec(code)?.[1]
      if (named && taken.has(named)) {
        part += 1
        taken.clear()
      }
      if (named) taken.add(named)
      const file = join(home, String(part), named ?? `app/line-${line}.run.${language}`)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, (named ? '' : outcomes) + '\n'.repeat(line - 1) + (named ? code : script(code)))
      return { page, line, file, kind: kindOf(named, language, words) }
    })
}

function kindOf(named: string | undefined, language: string, words: readonly string[]): Kind {
  if (language === 'tsx' || words.includes('no-run')) return 'compiled'
  if (named === undefined) return 'script'
  return /\.state\.ts$/.test(named) ? 'state' : /\.test\.ts$/.test(named) ? 'test' : 'compiled'
}

/** ```ts, ```tsx, and what a comment hides. */
export function blocksOf(text: string): Block[] {
  const found = text.matchAll(/^(?:```(tsx?)(.*)|<!-- (run))\n([\s\S]*?)^(?:```|-->)$/gm)
  return [...found].map(({ 1: language, 2: words = '', 4: code = '', index }) => ({
    line: text.slice(0, index).split('\n').length + 1,
    language: language === 'tsx' ? 'tsx' : 'ts',
    words: words.trim().split(' '),
    code,
  }))
}

/**
 * A script says what comes out: `counter.n // → 3`, or `await add('x') // → fails: invalid-arguments`. The statement before
 * such an end is checked. It must begin and end on that line. What came out, failures too, the script exports as `outcomes`.
 */
function script(code: string): string {
  const lines = code.split('\n').map((line) => {
    const [, indent = '', expression, failure, value] =
      /^(\s*)(.+?);? \/\/ → (?:fails: ([\w-]+)$|(.+)$)/.exec(line) ?? []
    if (expression === undefined) return line
    if (failure)
      return `${indent};outcomes.push(await (async () => ${expression})().then(() => 'no failure', (error) => error)); expect(outcomes.at(-1)).toMatchObject({ code: '${failure}' })`
    return `${indent};outcomes.push(${expression}); expect(outcomes.at(-1)).toEqual(${value})`
  })
  return lines.join('\n')
}

/** Stands in the first line of a script, which in the page is before its code. */
const outcomes = "import { expect } from 'vitest'; void expect; export const outcomes: unknown[] = []"

/** The settings under which they are compiled: those of the app, with heldstate from its source. */
export function writeSettings(root: string, folder: string): string {
  const at = (path: string) => relative(folder, join(root, path)).replaceAll('\\', '/')
  const doors = {
    heldstate: 'authors',
    react: 'react',
    ai: 'ai',
    server: 'server',
    next: 'next',
    'next/route': 'route',
    'next/instrumentation': 'instrumentation',
    provider: 'provider',
    faults: 'faults',
    testing: 'testing',
  }
  const paths = Object.entries(doors).map(([name, door]) => [
    name === 'heldstate' ? name : `heldstate/${name}`,
    [at(`lib/doors/${door}.ts`)],
  ])
  const settings = {
    extends: at('tsconfig.json'),
    compilerOptions: {
      paths: Object.fromEntries(paths),
      incremental: false,
      noUnusedLocals: false, // an example shows a part
      noUnusedParameters: false,
    },
    include: ['**/*.ts', '**/*.tsx'],
    exclude: [],
  }
  const file = join(folder, 'tsconfig.json')
  mkdirSync(folder, { recursive: true })
  writeFileSync(file, JSON.stringify(settings, undefined, 2))
  return file
}
