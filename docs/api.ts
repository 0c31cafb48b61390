/**
 * The page "API", made from the sources: each export of each door, its signature, and the options and members of its types with their doc comments. It
 * parses one file at a time and checks no types, so it takes milliseconds.
 */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript-5'

const lib = fileURLToPath(new URL('../lib', import.meta.url))

/** The doors that apps import, in the order of the page. */
export const doors = [
  { door: 'authors', name: 'heldstate', for: 'State modules: define states, events and tasks.' },
  { door: 'react', name: 'heldstate/react', for: 'Components.' },
  { door: 'ai', name: 'heldstate/ai', for: '`useChat` of the AI SDK ([A chat with the AI SDK](recipes/ai-chat.md)).' },
  {
    door: 'faults',
    name: 'heldstate/faults',
    for: 'Pages that cut and delay their own connection ([Test a bad network](testing.md#test-a-bad-network)).',
  },
  { door: 'provider', name: 'heldstate/provider', for: 'Layouts and pages: values in the HTML.' },
  { door: 'server', name: 'heldstate/server', for: 'Server actions, route handlers, server components, scripts.' },
  { door: 'next', name: 'heldstate/next', for: '`next.config` and a server of your own.' },
  { door: 'route', name: 'heldstate/next/route', for: 'The one route file, `app/api/heldstate/route.ts`.' },
  { door: 'instrumentation', name: 'heldstate/next/instrumentation', for: 'Attach mode, in `instrumentation.ts`.' },
  { door: 'testing', name: 'heldstate/testing', for: 'Tests of state modules and of stores.' },
  { door: 'vite', name: 'heldstate/vite', for: 'Vite and Storybook.' },
] as const

/** Doors of the package that export nothing to call. */
const others = [
  [
    'heldstate/unconnected',
    'Imported for its effect in tests of components: the page looks for no server ([Vitest](testing.md#vitest)).',
  ],
  ['heldstate/jest', '`moduleNameMapper` for Jest ([Jest](testing.md#jest)).'],
  ['heldstate/stub', 'What the plugin writes into bundles. Nothing to import yourself.'],
] as const

type Declared =
  | ts.FunctionDeclaration
  | ts.VariableStatement
  | ts.InterfaceDeclaration
  | ts.ClassDeclaration
  | ts.TypeAliasDeclaration

export interface Exported {
  readonly name: string
  readonly isType: boolean
  readonly file: string
  readonly node: Declared
}

/** All exports of a door, with their declarations. */
export function exportsOf(door: string): readonly Exported[] {
  const path = join(lib, 'doors', `${door}.ts`)
  return parsed(path).statements.flatMap((statement) => {
    if (!ts.isExportDeclaration(statement) || !statement.exportClause || !statement.moduleSpecifier) return []
    if (!ts.isNamedExports(statement.exportClause)) return []
    const from = fileOf(path, (statement.moduleSpecifier as ts.StringLiteral).text)
    return statement.exportClause.elements.map((element) => {
      const found = declarationOf(from, (element.propertyName ?? element.name).text)
      const isType = statement.isTypeOnly || element.isTypeOnly
      return { name: element.name.text, isType, ...found }
    })
  })
}

/** Types that users look up first; what they hand on without a look stands after these. */
const first = [
  'EventOptions',
  'TaskOptions',
  'Self',
  'EventContext',
  'Held',
  'HeldToken',
  'TaskHandle',
  'Connection',
  'ServerForm',
]

/** Options that the signatures of `on` and `background` add, as their types follow from the handler. */
const added: Readonly<Record<string, readonly Member[]>> = {
  EventOptions: [
    {
      name: 'input?',
      type: 'StandardSchemaV1',
      comment: 'Checks and transforms the one argument on the server. `on(schema, handler)` is short for it.',
    },
    {
      name: 'optimistic?',
      type: 'true | ((state, ...args) => void)',
      comment:
        'The page shows the change at once: by the handler itself, or by a function of its own ([Optimistic updates](optimistic.md)).',
    },
  ],
  TaskOptions: [
    { name: 'input?', type: 'StandardSchemaV1', comment: 'Checks and transforms the one argument on the server.' },
  ],
}

/** The page. */
export function apiPage(): string {
  const shown = new Map<string, string>()
  const sections = doors.map(({ door, name, for: purpose }) => {
    const all = exportsOf(door)
    const fresh = all.filter((each) => !shown.has(each.name) || shown.get(each.name) === name)
    const again = all
      .filter((each) => !fresh.includes(each))
      .map((each) => `\`${each.name}\` (as in [${shown.get(each.name)}](#${shown.get(each.name)?.replace(/\W/g, '')}))`)
    for (const each of fresh) shown.set(each.name, name)
    const values = fresh.filter(({ isType }) => !isType).map((each) => valueSection(name, each))
    const [detailed, plain] = split(
      fresh.filter(({ isType }) => isType),
      ({ node }) => membersOf(node).length > 0,
    )
    const [looked, other] = split(detailed, (each) => first.includes(each.name))
    const inOrder = [...looked].sort((a, b) => first.indexOf(a.name) - first.indexOf(b.name))
    const rest = plain.map(({ name, node }) => `- \`${name}\`${commentOf(node) ? `: ${inline(commentOf(node))}` : ''}`)
    return [
      `## ${name}`,
      purpose,
      ...values,
      ...[...inOrder, ...other].map(typeSection),
      ...(rest.length > 0 ? [`### Further types of ${name}`, rest.join('\n')] : []),
      ...(again.length > 0 ? [`### Also in ${name}`, `${again.join(', ')}.`] : []),
    ].join('\n\n')
  })
  const more = others.map(([name, purpose]) => `- \`${name}\`: ${purpose}`).join('\n')
  return `${head}\n${sections.join('\n\n')}\n\n## Other entry points\n\n${more}\n`
}

const head = `# API

Every function, hook, component, option and prop, by the module from which you import it. The pages of [the guide](README.md) have examples, the
[cheat sheet](cheat-sheet.md) has the shortest form of each. This page is made from the types and their comments: \`npx vitest run docs/api -u\`.
`

function valueSection(door: string, { name, node }: Exported): string {
  const { signature, comment } = described(name, node)
  const rows = ts.isClassDeclaration(node) ? table('member', membersOf(node)) : ''
  return [`### ${name}`, fenced(`import { ${name} } from '${door}'\n\n${signature}`), block(comment), rows]
    .filter(Boolean)
    .join('\n\n')
}

function typeSection({ name, node }: Exported): string {
  const members = [...(added[name] ?? []), ...membersOf(node)]
  return [
    `### ${name}`,
    block(commentOf(node)),
    heritageOf(node),
    table(/Options$|Props$/.test(name) ? 'option' : 'member', members),
  ]
    .filter(Boolean)
    .join('\n\n')
}

const example = /```ts\s*([\s\S]*?)\s*```/g

/** Examples of a comment, as blocks of their own. */
const block = (comment: string) => comment.replaceAll(example, (_, shown: string) => `\n\n${fenced(shown)}\n\n`).trim()

const inline = (comment: string) => comment.replaceAll(example, '`$1`')

const fenced = (code: string) => `\`\`\`ts no-check\n${code}\n\`\`\``

interface Member {
  readonly name: string
  readonly type: string
  readonly comment: string
}

function table(first: string, members: readonly Member[]): string {
  if (members.length === 0) return ''
  const rows = members.map(
    ({ name, type, comment }) => `| \`${name}\` | ${code(type)} | ${inline(comment).replaceAll('|', '\\|')} |`,
  )
  return `| ${first} | type | |\n|---|---|---|\n${rows.join('\n')}`
}

/** Within a table, in a code span. */
const code = (type: string) => (type === '' ? '' : `\`${type.replaceAll('|', '\\|')}\``)

/** Members that a user may name: no symbols, and none that a class keeps for itself. */
export function membersOf(node: Declared): readonly Member[] {
  const members: readonly ts.Node[] =
    ts.isInterfaceDeclaration(node) || ts.isClassDeclaration(node)
      ? node.members
      : ts.isTypeAliasDeclaration(node) && ts.isTypeLiteralNode(node.type)
        ? node.type.members
        : []
  return members.flatMap((member) => {
    const name = (member as ts.PropertySignature).name
    if (!name || !(ts.isIdentifier(name) || ts.isStringLiteral(name)) || isHidden(member)) return []
    const comment = `${commentOf(member)} ${keysOf(member)}`.trim()
    return [{ name: `${name.text}${isOptional(member) ? '?' : ''}`, type: typeOf(member), comment }]
  })
}

/** Of `Partial<X>`, where `X` is an interface of the same file that no door exports: what it has. */
function keysOf(member: ts.Node): string {
  const type = (member as ts.PropertySignature).type
  const [, name] = /^Partial<(\w+)>$/.exec(type?.getText() ?? '') ?? []
  const found = member
    .getSourceFile()
    .statements.find((each) => ts.isInterfaceDeclaration(each) && each.name.text === name)
  if (!found) return ''
  return `Keys: ${membersOf(found as Declared)
    .map((each) => `\`${each.name}\``)
    .join(', ')}.`
}

/** What an interface takes from others, which have rows of their own. */
function heritageOf(node: Declared): string {
  if (!ts.isInterfaceDeclaration(node)) return ''
  const bases = (node.heritageClauses ?? []).flatMap(({ types }) => types.map((type) => `\`${type.getText()}\``))
  return bases.length > 0 ? `Has the members of ${bases.join(' and ')} as well.` : ''
}

const isOptional = (node: ts.Node) => (node as ts.PropertySignature).questionToken !== undefined

const isHidden = (node: ts.Node) =>
  (ts.getCombinedModifierFlags(node as ts.Declaration) &
    (ts.ModifierFlags.Private | ts.ModifierFlags.Protected | ts.ModifierFlags.Static)) !==
  0

function typeOf(node: ts.Node): string {
  if (ts.isMethodSignature(node) || ts.isMethodDeclaration(node) || ts.isConstructorDeclaration(node)) {
    const given = node.parameters.map((parameter) => textOf(parameter)).join(', ')
    return oneLine(`${typeParameters(node)}(${given}) => ${node.type ? textOf(node.type) : 'void'}`)
  }
  const type = (node as ts.PropertySignature).type
  return type ? oneLine(textOf(type)) : ''
}

function described(name: string, node: Declared): { signature: string; comment: string } {
  if (ts.isFunctionDeclaration(node)) {
    const all = overloads(node)
    return {
      signature: all.map((each) => `function ${name}${callOf(each)}`).join('\n'),
      comment: all.map(commentOf).find(Boolean) ?? '',
    }
  }
  if (ts.isVariableStatement(node)) {
    const declared = node.declarationList.declarations.find((each) => each.name.getText() === name)
    const made = declared?.initializer
    if (made && ts.isArrowFunction(made) && !declared?.type)
      return { signature: `function ${name}${callOf(made)}`, comment: commentOf(node) }
    return {
      signature: `const ${name}${declared?.type ? `: ${oneLine(textOf(declared.type))}` : ''}`,
      comment: commentOf(node),
    }
  }
  if (ts.isClassDeclaration(node)) {
    const made = node.members.find(ts.isConstructorDeclaration)
    const extended = node.heritageClauses?.find(({ token }) => token === ts.SyntaxKind.ExtendsKeyword)
    const base = extended?.types[0]?.expression.getText()
    const given = made ? made.parameters.map((parameter) => oneLine(textOf(parameter))).join(', ') : 'message: string'
    return {
      signature: `class ${name}${base ? ` extends ${base}` : ''}\nnew ${name}(${given})`,
      comment: commentOf(node),
    }
  }
  return { signature: `type ${name}`, comment: commentOf(node) }
}

function callOf(node: ts.SignatureDeclarationBase): string {
  const given = node.parameters.map((parameter) => textOf(parameter)).join(', ')
  return oneLine(`${typeParameters(node)}(${given})${node.type ? `: ${textOf(node.type)}` : ''}`)
}

const typeParameters = (node: ts.SignatureDeclarationBase) =>
  node.typeParameters ? `<${node.typeParameters.map((each) => each.getText()).join(', ')}>` : ''

/** A function that has several signatures shows those, and not the one of its body. */
function overloads(node: ts.FunctionDeclaration): readonly ts.FunctionDeclaration[] {
  const named = node
    .getSourceFile()
    .statements.filter(
      (each): each is ts.FunctionDeclaration => ts.isFunctionDeclaration(each) && each.name?.text === node.name?.text,
    )
  return named.length > 1 ? named.filter(({ body }) => !body) : named
}

/** The text without comments inside. */
const textOf = (node: ts.Node) =>
  node
    .getText()
    .replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
    .replaceAll(/\breadonly (?=\w+\??:)/g, '')

const oneLine = (text: string) =>
  text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/,\s*([)\]}>])/g, '$1')
    .replaceAll('( ', '(')
    .trim()

function commentOf(node: ts.Node): string {
  const [last] = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc).slice(-1)
  const text = typeof last?.comment === 'string' ? last.comment : ts.getTextOfJSDocComment(last?.comment)
  return (text ?? '').replaceAll(/\s+/g, ' ').trim()
}

const sources = new Map<string, ts.SourceFile>()

function parsed(path: string): ts.SourceFile {
  const known = sources.get(path)
  if (known) return known
  const kind = path.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true, kind)
  sources.set(path, source)
  return source
}

function fileOf(from: string, specifier: string): string {
  const path = join(dirname(from), specifier.replace(/\.js$/, '.ts'))
  return existsSync(path) ? path : `${path}x`
}

/** Where a name is declared, over files that export it from others. */
function declarationOf(file: string, name: string): { readonly file: string; readonly node: Declared } {
  const { statements } = parsed(file)
  for (const statement of statements) {
    const isIt =
      (ts.isFunctionDeclaration(statement) ||
        ts.isInterfaceDeclaration(statement) ||
        ts.isClassDeclaration(statement) ||
        ts.isTypeAliasDeclaration(statement)) &&
      statement.name?.text === name
    if (isIt) return { file, node: statement as Declared }
    if (
      ts.isVariableStatement(statement) &&
      statement.declarationList.declarations.some((each) => each.name.getText() === name)
    )
      return { file, node: statement }
  }
  for (const statement of statements) {
    const clause = ts.isExportDeclaration(statement)
      ? statement.exportClause
      : ts.isImportDeclaration(statement)
        ? statement.importClause?.namedBindings
        : undefined
    if (!clause || !(ts.isNamedExports(clause) || ts.isNamedImports(clause))) continue
    const element = [...clause.elements].find((each) => each.name.text === name)
    const from = (statement as ts.ExportDeclaration).moduleSpecifier as ts.StringLiteral | undefined
    if (element && from) return declarationOf(fileOf(file, from.text), (element.propertyName ?? element.name).text)
  }
  throw new Error(`${file} declares no ${name}.`)
}

function split<T>(all: readonly T[], isFirst: (each: T) => boolean): readonly [readonly T[], readonly T[]] {
  return [all.filter(isFirst), all.filter((each) => !isFirst(each))]
}
