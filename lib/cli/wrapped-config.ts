/**
 * next.config with `withHeldState` around what it exports. The syntax tree says where; the text is changed only there, so
 * that comments and layout stay. What the tree does not show with certainty is left to a person.
 */
import { tsPlugin } from '@sveltejs/acorn-typescript'
import { type Node, Parser, type Program } from 'acorn'
import { messageOf } from '../base/errors.js'

export type WrappedConfig =
  | { readonly kind: 'wrapped' }
  | { readonly kind: 'edited'; readonly text: string }
  | { readonly kind: 'unclear'; readonly reason: string; readonly paste: string }

/** `isolated`: the compiler may infer nothing that is exported. */
export function wrapConfig(name: string, text: string, isolated = false): WrappedConfig {
  let program: Program
  try {
    program = parse(text)
  } catch (error) {
    return unclear(name, text, `it cannot be read (${messageOf(error)})`)
  }
  const names = identifiersIn(program)
  if (names.includes('withHeldState')) {
    if (callsPlugin(program)) return { kind: 'wrapped' }
    return unclear(name, text, 'it mentions withHeldState but does not call it')
  }
  const exported = exportOf(program)
  if (typeof exported === 'string') return unclear(name, text, exported)
  const { value, commonJs } = exported
  if (commonJs && /\.mjs$|\.mts$/.test(name)) return unclear(name, text, 'it is an ES module but sets module.exports')
  const own = value.type === 'FunctionDeclaration' && (value as Tree).id?.name
  if (own && names.filter((other) => other === own).length > 1)
    return unclear(name, text, `it calls the function ${own} that it exports`)
  const closing = value.type === 'FunctionDeclaration' ? `)${styleOf(text).end}` : ')'
  const isTyped = isolated && /ts$/.test(name) && !/Function/.test(value.type) // what is given a function gives one
  const edited = insertAll(text, [
    importInto(program, text, commonJs),
    { at: value.start, text: 'withHeldState(' },
    { at: value.end, text: isTyped ? `${closing} ${asConfig}` : closing },
  ])
  return { kind: 'edited', text: edited }
}

/**
 * The texts that are written for a setting, wherever the config has it: those of lists, of names for them and of conditions too.
 * None if it cannot be read.
 */
export function textsFor(setting: string, text: string): readonly string[] {
  let program: Program
  try {
    program = parse(text)
  } catch {
    return []
  }
  const nodes = [...nodesIn(program)]
  const named = (node: Tree) => (node.type === 'Identifier' ? node.name : node.value)
  const values = nodes.flatMap(({ type, key, value }) =>
    type === 'Property' && key && named(key) === setting ? [value as Tree] : [],
  )
  const parts = new Set(values.flatMap((value) => [...nodesIn(value)]))
  for (const { type, name } of parts) {
    const known = type === 'Identifier' ? nodes.find(({ id, init }) => id?.name === name && init) : undefined
    for (const part of known?.init ? nodesIn(known.init) : []) parts.add(part)
  }
  return [...parts].flatMap(({ type, value }) => (type === 'Literal' && typeof value === 'string' ? [value] : []))
}

/** The config of an app that has none. */
export const newConfig = (isolated: boolean) => `import { withHeldState } from 'heldstate/next'

export default withHeldState({})${isolated ? ` ${asConfig}` : ''}
`

const asConfig = `as import('next').NextConfig`

/** Fields of nodes that are looked at; acorn's types tell them apart by node, of which TypeScript's are not part. */
interface Tree extends Node {
  readonly id?: { readonly name: string } | null
  readonly name?: string
  readonly callee?: Tree
  readonly source?: { readonly value: unknown } | null
  readonly declaration?: Tree
  readonly expression?: Tree
  readonly left?: Tree
  readonly right?: Tree
  readonly directive?: string
  readonly key?: Tree
  readonly value?: unknown
  readonly init?: Tree | null
  readonly declarations?: readonly { readonly init?: Tree | null }[]
}

const parser = Parser.extend(tsPlugin() as never)

const parse = (text: string) =>
  parser.parse(text, { ecmaVersion: 'latest', sourceType: 'module', locations: true, allowHashBang: true })

function* nodesIn(node: Node): Generator<Tree> {
  yield node as Tree
  for (const value of Object.values(node))
    for (const child of Array.isArray(value) ? value : [value])
      if (typeof child?.type === 'string' && typeof child.start === 'number') yield* nodesIn(child as Node)
}

const identifiersIn = (program: Program) =>
  [...nodesIn(program)].flatMap(({ type, name }) => (type === 'Identifier' && name !== undefined ? [name] : []))

const callsPlugin = (program: Program) =>
  [...nodesIn(program)].some(({ type, callee }) => type === 'CallExpression' && callee?.name === 'withHeldState')

interface Exported {
  readonly value: Node
  readonly commonJs: boolean
}

/** What the config exports, or why that is not certain. */
function exportOf(program: Program): Exported | string {
  const statements = program.body as readonly Tree[]
  const defaults = statements.flatMap((statement) => (statement.type === 'ExportDefaultDeclaration' ? [statement] : []))
  const assigned = statements.flatMap((statement) => (isModuleExports(statement.expression) ? [statement] : []))
  const writes = [...nodesIn(program)].filter((node) => node.type === 'AssignmentExpression' && writesExports(node))
  if (defaults.length === 1 && writes.length === 0) return { value: defaults[0]?.declaration as Node, commonJs: false }
  const last = assigned.at(-1)?.expression
  if (defaults.length === 0 && last?.right && writes.length === assigned.length)
    return { value: last.right, commonJs: true }
  if (writes.length > 0) return 'it sets its exports in several places or conditionally'
  return 'it has no default export'
}

const isModuleExports = (node: Tree | undefined) =>
  node?.type === 'AssignmentExpression' && sourceOf(node.left) === 'module.exports'

/** `module.exports = …`, `module.exports.a = …` and `exports.a = …` */
const writesExports = (node: Tree) => /^(module\.)?exports(\.|$)/.test(sourceOf(node.left))

function sourceOf(node: Tree | undefined): string {
  if (node?.type === 'Identifier') return node.name ?? ''
  if (node?.type !== 'MemberExpression') return '?'
  const { object, property } = node as unknown as { object: Tree; property: Tree }
  return `${sourceOf(object)}.${sourceOf(property)}`
}

interface Insertion {
  readonly at: number
  readonly text: string
}

/** Behind the last import; else above everything but comments that must stay first, as `// @ts-check`. */
function importInto(program: Program, text: string, commonJs: boolean): Insertion {
  const line = importLine(text, commonJs)
  const statements = program.body as readonly Tree[]
  const last = statements.filter(commonJs ? isRequire : isImport).at(-1)
  if (last) return { at: lineEnd(text, last.end), text: `\n${line}` }
  const directive = statements.filter((statement) => statement.directive !== undefined).at(-1)
  const head =
    /^(?:#!.*\n)?(?:[ \t]*(?:\/\/[ \t]*@ts-.*|\/\*[ \t]*eslint.*\*\/)[ \t]*\n|[ \t]*\n)*/.exec(text)?.[0] ?? ''
  if (directive) return { at: lineEnd(text, directive.end), text: `\n\n${line}` }
  return { at: head.length, text: `${line}\n\n` }
}

const isImport = ({ type }: Tree) => type === 'ImportDeclaration'
const isRequire = ({ type, declarations }: Tree) =>
  type === 'VariableDeclaration' && declarations?.some(({ init }) => init?.callee?.name === 'require') === true

function importLine(text: string, commonJs: boolean): string {
  const { quote, end } = styleOf(text)
  const from = `${quote}heldstate/next${quote}`
  return commonJs ? `const { withHeldState } = require(${from})${end}` : `import { withHeldState } from ${from}${end}`
}

function styleOf(text: string): { readonly quote: string; readonly end: string } {
  const count = (pattern: RegExp) => text.match(pattern)?.length ?? 0
  return {
    quote: count(/"/g) > count(/'/g) ? '"' : "'",
    end: /;[ \t]*(?:\/\/.*)?$/m.test(text) ? ';' : '',
  }
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from)
  const rest = text.slice(from, end === -1 ? text.length : end)
  if (!/^[;\s]*(\/\/.*)?\r?$/.test(rest)) return from + (rest.startsWith(';') ? 1 : 0) // two statements on one line
  return end === -1 ? text.length : end - (rest.endsWith('\r') ? 1 : 0)
}

function insertAll(text: string, insertions: readonly Insertion[]): string {
  const inLines = (added: string) => (text.includes('\r\n') ? added.replaceAll('\n', '\r\n') : added)
  const ordered = [...insertions].sort((a, b) => b.at - a.at)
  return ordered.reduce((done, { at, text: added }) => done.slice(0, at) + inLines(added) + done.slice(at), text)
}

function unclear(name: string, text: string, reason: string): WrappedConfig {
  const commonJs = !/\.m[jt]s$/.test(name) && /\bmodule\.exports\b/.test(text) && !/^\s*export\b/m.test(text)
  const last = commonJs ? 'module.exports = withHeldState(yourConfig)' : 'export default withHeldState(yourConfig)'
  return { kind: 'unclear', reason, paste: `${importLine(text, commonJs)}\n\n${last}${styleOf(text).end}` }
}
