/** Issues of refused arguments as a page may be told of them: within bounds, whatever a schema or an author has made. */
import { textLimits } from './limits.js'
import { cut } from './text.js'

const { issues: most, issueText, issueKeys, issueKeyText } = textLimits

/** What is wrong with a part of the arguments; `path` leads to it, and is empty if it is the whole. */
export interface Issue {
  readonly message: string
  readonly path: readonly (string | number)[]
}

/** As a Standard Schema gives it, where a key of the path may be wrapped. */
interface Given {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

export const boundedIssues = (given: readonly Given[]): readonly Issue[] => given.slice(0, most).map(bounded)

function bounded({ message, path = [] }: Given): Issue {
  return { message: cut(String(message), issueText), path: path.slice(0, issueKeys).map(keyOf) }
}

function keyOf(part: PropertyKey | { readonly key: PropertyKey }): string | number {
  const key = typeof part === 'object' ? part.key : part
  return Number.isFinite(key) ? (key as number) : cut(String(key), issueKeyText)
}
