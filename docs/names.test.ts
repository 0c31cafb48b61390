/** What the docs name exists: options, limits, error codes, commands, variables of the environment, paths. And what exists is named. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { errorCodes } from '../lib/base/errors.js'
import { banned } from '../lib/plain-words.fixture.js'
import { doors, exportsOf, membersOf } from './api.js'
import { pagesOf } from './examples.js'
import { values as limits } from './limits.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const pages = [...pagesOf(root), 'ARCHITECTURE.md', 'CONTRIBUTING.md'].map((page) => ({ page, text: read(page) }))
/** Pages for users: their words are names of the product, not of files. */
const guide = pages.filter(({ page }) => /^(README|docs\/)/.test(page) && !/^docs\/(adr|api)/.test(page))

/** What stands in code: inline, without blocks and hidden checks. */
const spans = (text: string) =>
  [...text.replaceAll(/^```[\s\S]*?^```$|^<!--[\s\S]*?^-->$/gm, '').matchAll(/`([^`]+)`/g)].map(([, span = '']) =>
    span.replaceAll(/\s+/g, ' '),
  )

const named = (from: typeof pages, pattern: RegExp) =>
  from.flatMap(({ page, text }) =>
    spans(text).flatMap((span) => [...span.matchAll(pattern)].map(([, name = '']) => ({ page, name }))),
  )

const membersOfType = (name: string) => {
  const found = doors.flatMap(({ door }) => exportsOf(door)).find((each) => each.name === name)
  if (!found) throw new Error(`No door exports ${name}.`)
  return membersOf(found.node).map((member) => member.name.replace('?', ''))
}

/** Options by the type that has them, and those that are inside one. */
const options = [
  ...[
    'EventOptions',
    'TaskOptions',
    'HubOptions',
    'ServeOptions',
    'AttachOptions',
    'RedisStoreOptions',
    'DiskStoreOptions',
  ],
  ...['ServerFormOptions', 'ConnectionStatusProps', 'HeldStateProviderProps', 'HeldStateConfig'],
].flatMap(membersOfType)
const allOptions = new Set([...options, 'input', 'optimistic', 'grace', 'times', 'wait', ...Object.keys(limits)])

it('an option in the words of a page exists', () => {
  const makers = 'on|background|serve|attach|createHub|redisStore|diskStore|useServerForm|testHub'
  const given = named(guide, new RegExp(`\\b(?:${makers})\\((\\{ [^)]*\\})`, 'g'))
  expect(given.length).toBeGreaterThan(20)
  const keys = given.flatMap(({ page, name }) =>
    [...name.matchAll(/(?<=[{,] ?)(\w+)(?=:| ?[,}])/g)].map(([key]) => ({ page, key })),
  )
  expect(keys.filter(({ key }) => !allOptions.has(key))).toEqual([])
})

it('each option is named in the guide, not in the API page alone', () => {
  const words = guide.map(({ text }) => text).join('\n')
  expect([...allOptions].filter((name) => !new RegExp(`\\b${name}\\b`).test(words))).toEqual([])
})

it('a limit that a page names exists', () => {
  const units = named(guide, /^(?:limits\.)?([a-z]\w*(?:Ms|Bytes|PerSecond|Burst|OfHeap))$/g)
  expect(units.length).toBeGreaterThan(100)
  expect(units.filter(({ name }) => !(name in limits) && !options.includes(name))).toEqual([])
})

it('an error code that a page names exists', () => {
  /** Words of others that look like a code. */
  const others = new Set(
    'accept-language aria-describedby aria-invalid check-types eslint-config-next eslint-plugin-react-hooks frame-ancestors maxmemory-policy no-param-reassign react-hooks script-src user-agent x-forwarded-for'.split(
      ' ',
    ),
  )
  const codes = named(guide, /^([a-z]+(?:-[a-z]+)+)$/g)
  expect(codes.length).toBeGreaterThan(30)
  expect(codes.filter(({ name }) => !errorCodes.includes(name as never) && !others.has(name))).toEqual([])
})

it('a script, a command and its options exist', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
  expect(named(pages, /^npm run ([\w:-]+)/g).filter(({ name }) => !(name in scripts))).toEqual([])
  const cli = read('lib/cli/main.ts')
  const commands = named(pages, /\bheldstate (init|doctor|dev|start|[a-z]+)$/g).filter(
    ({ name }) => !cli.includes(`${name}`),
  )
  expect(commands).toEqual([])
  const text = read('docs/cli.md')
  const given = [...text.matchAll(/`(--[a-z-]+)/g)].map(([, name = '']) => name)
  expect(given.length).toBeGreaterThan(5)
  expect(given.filter((name) => !cli.includes(name.slice(2)))).toEqual([])
})

it('a variable of the environment exists, and each that is read is named', () => {
  const sources = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })
    .filter(
      (name) => /\.tsx?$/.test(name) && !/(^|[\\/])(dist|node_modules)[\\/]|\.(test|fixture)\.|^testing/.test(name),
    )
    .map((name) => read(join('lib', name)))
    .join('\n')
  const inDocs = pages.flatMap(({ page, text }) =>
    [...text.matchAll(/\bHELDSTATE_[A-Z]+\b/g)].map(([name]) => ({ page, name })),
  )
  expect(inDocs.filter(({ name }) => !sources.includes(name))).toEqual([])
  const text = read('docs/limits.md')
  const isNexts = /^(NEXT_|__NEXT|TURBOPACK)/
  const variables = [...sources.matchAll(/process\.env\.(\w+)/g)].map(([, name = '']) => name)
  expect(variables.length).toBeGreaterThan(5)
  expect(variables.filter((name) => !isNexts.test(name) && !text.includes(`\`${name}\``))).toEqual([])
})

it('a path of the repository exists', () => {
  const rooms = readdirSync(join(root, 'lib'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
  const paths = named(
    pages,
    new RegExp(`^((?:lib|docs|scripts|e2e|bench|chaos|${rooms.join('|')})/[\\w./-]+)$`, 'g'),
  ).filter(
    ({ name }) =>
      !name.startsWith('docs/.') && (/^(lib|docs|scripts|e2e|bench|chaos)\//.test(name) || /\.\w+$/.test(name)),
  )
  expect(paths.length).toBeGreaterThan(150)
  expect(paths.filter(({ name }) => !existsSync(join(root, name)) && !existsSync(join(root, 'lib', name)))).toEqual([])
})

it('the words of a page are plain English', () => {
  const prose = pages.flatMap(({ page, text }) =>
    text
      .replaceAll(/^```[\s\S]*?^```$|^<!--[\s\S]*?^-->$/gm, '')
      .split(/\n\n+/)
      .map((paragraph) => `${page}: ${paragraph.replaceAll(/\s+/g, ' ').slice(0, 2000)}`),
  )
  expect(prose.length).toBeGreaterThan(1000)
  expect(prose.filter((paragraph) => banned.test(paragraph))).toEqual([])
})
