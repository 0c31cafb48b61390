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
  const ours = [...names].filter((name) => isForReplies(name, text))
  const foreign = [...names].find((name) => !language.has(name) && !ours.includes(name))
  if (foreign !== undefined)
    throw new HeldStateError(
      'invalid-definition',
      `${where} is optimistic, so it also runs in the browser, where "${foreign}" does not exist. Use only its arguments, or ` +
        'pass a separate function for the page: on({ optimistic: (state, ...args) => { ... } }, ...)',
    )
  return ours.length === 0 ? text : `((${ours.join(', ')}) => ${text})(${ours.map(() => '{ reply() {} }').join(', ')})`
}

/** What the compiler makes of the import of `reply`, and of nothing else of our module: a page has no use for what the handler replies. */
const isForReplies = (name: string, text: string) =>
  /^import_heldstate\d*$/.test(name) && !new RegExp(`\\b${name}\\b(?!\\.reply\\b)`).test(text)

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
