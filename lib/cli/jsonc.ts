/** JSON as settings are written in it: with comments, and commas that it has not. */
import { readFileSync } from 'node:fs'
import { type Node, parseExpressionAt } from 'acorn'

/** What a file holds; an empty object if it cannot be read. */
export function jsoncIn(file: string): unknown {
  try {
    return literal(parseExpressionAt(readFileSync(file, 'utf8'), 0, { ecmaVersion: 'latest' }))
  } catch {
    return {}
  }
}

function literal(node: Node): unknown {
  const { type, value, elements = [], properties = [] } = node as Part
  if (type === 'Literal') return value
  if (type === 'ArrayExpression') return elements.map(literal)
  return Object.fromEntries(properties.map((property) => [property.key.value, literal(property.value)]))
}

interface Part extends Node {
  readonly value?: unknown
  readonly elements?: readonly Node[]
  readonly properties?: readonly { readonly key: { readonly value: string }; readonly value: Node }[]
}
