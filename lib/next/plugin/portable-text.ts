/**
 * The text of a function that runs elsewhere: in a page, without the module it was written in. It may use what it is
 * given and what the language itself has, and nothing else; anything else is refused by name.
 */
import { runInNewContext } from 'node:vm'
import { type Node, parse } from 'acorn'
import { analyze } from 'eslint-scope'
import type { Program } from 'estree'
import { HeldStateError, messageOf } from '../../base/errors.js'

const syntax = { ecmaVersion: 'latest', sourceType: 'module', ranges: true } as const

/** The names that the language has, without those of Node or of browsers. */
const language: ReadonlySet<string> = new Set(runInNewContext('Object.getOwnPropertyNames(globalThis)') as string[])

/** `where` names the function in the failure: what cannot be carried elsewhere is `invalid-definition`. */
export function portableText(run: (...args: never[]) => unknown, where: string): string {
  const { text, tree } = parsed(run.toString(), where)
  const { globalScope } = analyze(tree as unknown as Program, { ecmaVersion: 2022, sourceType: 'module' })
  const names = new Set((globalScope?.through ?? []).map(({ identifier }) => identifier.name))
  const ours = [...names].filter((name) => isOfAuthors(name, text))
  const foreign = [...names].find((name) => !language.has(name) && !ours.includes(name))
  if (foreign !== undefined)
    throw new HeldStateError(
      'invalid-definition',
      `${where} is optimistic, so it also runs in the browser, where "${asWritten(foreign, text)}" does not exist. ` +
        'Use only its arguments, or pass a separate function for the page: on({ optimistic: (state, ...args) => { ... } }, ...)',
    )
  return ours.length === 0 ? text : `((${ours.join(', ')}) => ${text})(${ours.map(() => standIn).join(', ')})`
}

/** Stand-ins for our module in a page, which ignores a reply and shows nothing if the handler throws. */
const standIns = { reply: '() => {}', Refusal: 'Error', HeldStateError: 'Error' }
const standIn = `{ ${Object.entries(standIns).map((entry) => entry.join(': '))} }`

/** Whether the compiler made `name` of an import of our module that a page has a stand-in for. */
const isOfAuthors = (name: string, text: string) =>
  /^import_heldstate\d*$/.test(name) && membersOf(name, text).every((member) => Object.hasOwn(standIns, member))

/** The import as its author wrote it: the compiler makes `import_limits.limit` of `import { limit } from './limits'`. */
function asWritten(name: string, text: string): string {
  if (!name.startsWith('import_')) return name
  const member = membersOf(name, text).find((member) => member !== 'default' && !Object.hasOwn(standIns, member))
  return member ?? name.slice('import_'.length)
}

/** What the text takes from the module that it calls `name`. */
const membersOf = (name: string, text: string) =>
  [...text.matchAll(new RegExp(`\\b${name}\\b(?:\\.([\\w$]+))?`, 'g'))].map(([, member = 'default']) => member)

/** As an expression: a function, an arrow, or a method of an object. */
function parsed(source: string, where: string): { text: string; tree: Node } {
  const method = `Object.values({ ${source} })[0]`
  let failure: unknown
  for (const text of [`(${source})`, method])
    try {
      return { text, tree: parse(text, syntax) }
    } catch (error) {
      failure ??= error
    }
  throw new HeldStateError(
    'invalid-definition',
    `${where} is optimistic, but its source cannot be read: ${messageOf(failure)}`,
  )
}
