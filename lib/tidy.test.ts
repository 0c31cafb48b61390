/** Rules of the house, held over the source itself. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript-5'
import { describe, expect, it } from 'vitest'
import { errorMeanings } from './base/error-meanings.js'
import { errorCodes } from './base/errors.js'
import { banned } from './plain-words.fixture.js'

const lib = dirname(fileURLToPath(import.meta.url))

interface Import {
  readonly from: string
  readonly typeOnly: boolean
}
interface File {
  readonly path: string
  readonly room: string
  readonly text: string
  readonly imports: readonly Import[]
}

/** Rooms that a room may import from. */
const server = [
  ...['base', 'delta', 'protocol', 'state', 'store', 'cluster', 'instance', 'tasks', 'calls', 'session', 'hub'],
  ...['transport', 'next', 'cli'],
]
const tab = ['base', 'delta', 'protocol', 'client', 'react']

const files = sourceFiles(lib)

describe('the house', () => {
  it('is read whole', () => {
    expect(files.length).toBeGreaterThan(60)
    expect(files.find(({ path }) => path === 'hub/hub.ts')?.imports).toContainEqual({
      from: 'instance/lock-scope.ts',
      typeOnly: false,
    })
    expect(files.find(({ path }) => path === 'react/use-server-state.ts')?.imports).toContainEqual({
      from: 'state/definition.ts',
      typeOnly: true,
    })
  })

  it('has rooms that import only from rooms to their left', () => {
    expect(files.flatMap(misplaced)).toEqual([])
  })

  it('has no import cycle, types included', () => {
    expect(cycles()).toEqual([])
  })

  it('has doors that only re-export, and that no room imports', () => {
    for (const { path, text } of inRoom('doors')) {
      const rest = text
        .replaceAll(/\/\*\*?[\s\S]*?\*\//g, '')
        .replaceAll(/^'use client'$/gm, '')
        .replaceAll(/export (?:type )?\{[^}]*\} from '\.\.\/[^']+'/g, '')
      expect([path, rest.trim()]).toEqual([path, ''])
    }
    const users = files.filter(
      ({ room, imports }) => room !== 'doors' && imports.some(({ from }) => from.startsWith('doors/')),
    )
    expect(users.map(({ path }) => path)).toEqual(['next/plugin/evaluate.ts']) // it hands the door itself to the modules that it evaluates
  })

  it('lets no server room into the bundle of a tab', () => {
    for (const door of ['doors/react.ts', 'doors/react-server.ts', 'doors/ai.ts', 'doors/faults.ts', 'doors/stub.ts'])
      for (const path of reachable(door))
        expect(path).toMatch(/^(base|delta|protocol|client|react|doors|state\/(stub|trigger|prediction))(\/|\.|$)/)
  })

  it('lets neither Next nor React into the door for tests', () => {
    const packages = [...reachable('doors/testing.ts')].flatMap((path) => valuesOf(path).map(({ from }) => from))
    expect(packages).toContain('zustand/vanilla')
    expect(
      packages.filter((from) => /^(next|react|react-dom|socket\.io)(\/|$)/.test(from) && !from.endsWith('.ts')),
    ).toEqual([])
  })
})

describe('an outside package', () => {
  it.each([
    'socket.io',
    'socket.io-client',
    'zustand',
    'async-mutex',
    'devalue',
    'esbuild',
    'redis',
    'eslint-scope',
    '@sveltejs/acorn-typescript',
  ])('%s is known to one file', (name) => {
    const later = new RegExp(`\\bimport\\((/\\*.*?\\*/|\\s)*'${name}'\\)`)
    const users = files.filter(
      ({ imports, text }) =>
        imports.some(({ from }) => from === name || from.startsWith(`${name}/`)) || later.test(text),
    )
    expect(users).toHaveLength(1)
  })
})

describe('time, chance and the console', () => {
  /** Who else may use them, and why. */
  const allowed: Record<string, readonly string[]> = {
    'base/clock.ts': ['Date.now', 'setTimeout'],
    'base/log.ts': ['console'],
    'client/socket.ts': ['Math.random'], // handed to `Retry`, as the clock is
    'react/connection-status.tsx': ['setTimeout'], // how long a loss lasts before a person is told
    'react/tab.ts': ['setTimeout'], // StrictMode mounts twice in a row; connecting waits that moment out
  }
  it('are asked for through their ports', () => {
    for (const { path, text } of files) {
      const code = text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '').replaceAll(/typeof set\w+/g, '')
      const used = ['Date.now', 'Math.random', 'setTimeout', 'setInterval', 'console'].filter((name) =>
        new RegExp(`(?<![\\w.'])${name.replace('.', '\\.')}\\b`).test(code),
      )
      expect([path, used]).toEqual([path, allowed[path] ?? []])
    }
  })
})

describe('a loop over keys', () => {
  it('takes own keys, and never those of a prototype', () => {
    const inherited = files.filter(({ text }) =>
      /\bfor\s*\(\s*(?:(?:const|let|var)\s+)?[\w$[\]{}, .]+?\s+in\s/.test(text),
    )
    expect(inherited.map(({ path }) => path)).toEqual([])
  })
})

describe('a bound', () => {
  it('has its name and its unit in base/limits.ts, and nowhere else', () => {
    const own = files.filter(({ path, text }) => path !== 'base/limits.ts' && /^const \w+Ms = [\d_]+$/m.test(text))
    expect(own.map(({ path }) => path)).toEqual([])
  })
})

describe('a file', () => {
  /** Those that were longer when the bound was set. They may only become shorter. */
  const longFiles: Record<string, number> = {
    'client/tab.ts': 335,
    'delta/node.ts': 303,
  }
  it('has at most 300 lines', () => {
    const long = files.map(({ path, text }) => [path, text.split('\n').length - 1] as const)
    expect(long.filter(([path, lines]) => lines > (longFiles[path] ?? 300))).toEqual([])
  })

  /** The same of functions: suites and doubles of tests, which are one closure, and two ports that are made as one. */
  const longFunctions: Record<string, number> = {
    'client/socket.ts': 85,
    'cluster/redis/coordinator.ts': 75,
    'store/suite.ts': 172,
    'testing/memory-coordinator.ts': 164,
    'testing/simulated-cluster.ts': 83,
  }
  it('has functions of at most 60 lines', () => {
    const long = files.map(({ path, text }) => [path, Math.max(0, ...functionLengths(path, text))] as const)
    expect(long.find(([path]) => path === 'instance/transact.ts')?.[1]).toBeGreaterThan(10) // they are counted
    expect(long.filter(([path, lines]) => lines > (longFunctions[path] ?? 60))).toEqual([])
  })

  it('is named for what it is', () => {
    expect(
      files.filter(({ path }) => /(^|\/)(utils?|helpers?|common|types|manager)[./]/.test(path)).map(({ path }) => path),
    ).toEqual([])
  })

  it('starts with what it is for', () => {
    expect(
      files.filter(({ text }) => !/^(?:'use client'\n|#!.*\n)?(?:\/\*\*|import)/.test(text)).map(({ path }) => path),
    ).toEqual([])
  })
})

describe('a comment', () => {
  it('is in plain English: it names the thing, and says what code does', () => {
    const found = files.flatMap(({ path, text }) =>
      commentsIn(text)
        .filter((comment) => banned.test(comment))
        .map((comment) => `${path}: ${comment.trim()}`),
    )
    expect(found).toEqual([])
  })
})

describe('an error', () => {
  const docs = join(dirname(lib), 'docs')
  const codes = [...errorCodes].sort()
  const pageOf = (code: string) => readFileSync(join(docs, 'errors', `${code}.md`), 'utf8')
  const titled = (code: string) => pageOf(code).split('\n')[0]
  const [, renames = ''] = readFileSync(join(dirname(docs), 'CHANGELOG.md'), 'utf8').split('### Error codes that')
  const renamed = new Map(
    [...renames.matchAll(/^\| `([\w-]+)` \| `([\w-]+)` \|$/gm)].map(([, old = '', code = '']) => [old, code]),
  )

  it('has its page, and each page its error', () => {
    const pages = readdirSync(join(docs, 'errors')).map((name) => name.replace(/\.md$/, ''))
    expect(pages.sort()).toEqual([...codes, ...renamed.keys()].sort())
    expect(codes.map(titled)).toEqual(codes.map((code) => `# ${code}`))
  })

  it('that was renamed has a page that leads to the new name', () => {
    expect(renamed.size).toBeGreaterThan(5)
    for (const [old, code] of renamed) {
      expect(codes).toContain(code)
      expect(pageOf(old)).toBe(`# ${old}\n\nThis code has a new name: [${code}](${code}.md).\n`)
    }
  })

  it('stands in the list of all errors, with what it says', () => {
    const rows = readFileSync(join(docs, 'errors.md'), 'utf8').matchAll(
      /^\| \[([\w-]+)\]\(errors\/\1\.md\) \| (.+) \|$/gm,
    )
    expect([...rows].map(([, code, says]) => [code, says])).toEqual(codes.map((code) => [code, errorMeanings[code]]))
  })
})

const commentsIn = (text: string): string[] =>
  text.split('\n').filter((line) => /^\s*(\/\*\*|\*|\/\/)|\s\/\/ /.test(line))

/** Lines of each function, those that hold other functions included. */
function functionLengths(path: string, text: string): number[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  const line = (at: number) => source.getLineAndCharacterOfPosition(at).line
  const lengths: number[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body) lengths.push(line(node.end) - line(node.getStart()) + 1)
    ts.forEachChild(node, visit)
  }
  visit(source)
  return lengths
}

function sourceFiles(folder: string): File[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return ['dist', 'node_modules'].includes(entry.name) ? [] : sourceFiles(path)
    return /\.c?tsx?$/.test(entry.name) && !/\.(test|test-d|fixture)\./.test(entry.name) ? [fileAt(path)] : []
  })
}

function fileAt(absolute: string): File {
  const path = relative(lib, absolute).replaceAll('\\', '/')
  const text = readFileSync(absolute, 'utf8')
  return { path, room: path.split('/')[0] as string, text, imports: importsIn(text, path) }
}

/** Imports and re-exports, by the path of their file in `lib` or by the name of their package. */
function importsIn(text: string, path: string): Import[] {
  const statements = text.matchAll(/^(?:import|export)\s+(type\s+)?([^;'"]*?)\s*(?:from\s+)?'([^']+)'/gm)
  return [...statements].flatMap(([, type, names = '', from = '']) => {
    const listed = /^\{([\s\S]*)\}$/
      .exec(names)?.[1]
      ?.split(',')
      .map((name) => name.trim())
      .filter(Boolean)
    const typeOnly = type !== undefined || (listed?.every((name) => name.startsWith('type ')) ?? false)
    if (!from.startsWith('.')) return [{ from, typeOnly }]
    const file = join(dirname(path), from)
      .replaceAll('\\', '/')
      .replace(/\.(c?)js$/, '.$1ts')
    const found = [file, `${file}x`].find((candidate) => existsSync(join(lib, candidate)))
    return [{ from: found ?? file, typeOnly }]
  })
}

function misplaced({ path, room, imports }: File): string[] {
  if (room === 'testing' || room === 'doors' || !path.includes('/')) return []
  return imports
    .filter(({ from }) => from.includes('/') && existsSync(join(lib, from)))
    .filter(({ from, typeOnly }) => !mayImport(room, from.split('/')[0] as string, typeOnly))
    .map(({ from, typeOnly }) => `${path} imports ${typeOnly ? 'types of ' : ''}${from}`)
}

function mayImport(room: string, other: string, typeOnly: boolean): boolean {
  if (room === other) return true
  if (other === 'doors') return true // doors have a rule of their own
  if (room === 'react' && other === 'state') return typeOnly
  if (room === 'next' && other === 'react') return true // it renders what the browser takes over
  const order = tab.includes(room) && !server.includes(room) ? tab : server
  return order.includes(other) && order.indexOf(other) < order.indexOf(room)
}

const inRoom = (name: string) => files.filter(({ room }) => room === name)
const importsOf = (path: string) => files.find((file) => file.path === path)?.imports ?? []
const valuesOf = (path: string) => importsOf(path).filter(({ typeOnly }) => !typeOnly)

function reachable(start: string): ReadonlySet<string> {
  const seen = new Set<string>([start])
  for (const path of seen)
    for (const { from } of valuesOf(path)) if (files.some((file) => file.path === from)) seen.add(from)
  return seen
}

function cycles(): string[] {
  const found: string[] = []
  const done = new Set<string>()
  const visit = (path: string, way: readonly string[]): void => {
    if (way.includes(path)) return void found.push([...way.slice(way.indexOf(path)), path].join(' → '))
    if (done.has(path)) return
    for (const { from } of importsOf(path)) visit(from, [...way, path])
    done.add(path)
  }
  for (const { path } of files) visit(path, [])
  return found
}
