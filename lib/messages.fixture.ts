/**
 * Every text of the library that a person can read: what errors, the log, `heldstate doctor` and components say. Taken from the syntax tree, so a text
 * counts wherever it is put together. A part that is known at run time only stands as `{…}`.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript-5'

/** Texts for programs, as scripts of Redis, and those of the simulation and the suite for stores, which developers of the library read. */
const unread =
  /^(cluster\/redis\/(script|scripts|node-scripts)|cli\/example|store\/suite|store\/disk\/tables|testing\/simul[\w-]+)\.ts$/

export interface Message {
  readonly path: string
  readonly text: string
}

/** In the order of the files, and of the lines of each. */
export function messagesIn(lib: string): readonly Message[] {
  const paths = readdirSync(lib, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter(
      (path) =>
        /\.tsx?$/.test(path) && !/\.(test|test-d|fixture|d)\.|^(dist|node_modules|testing\/clients)\//.test(path),
    )
  return paths
    .filter((path) => !unread.test(path))
    .sort()
    .flatMap((path) => textsOf(readFileSync(join(lib, path), 'utf8'), path).map((text) => ({ path, text })))
}

/** The texts of one file that are sentences or parts of one. */
export function textsOf(source: string, path: string): readonly string[] {
  const texts: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node) || ts.isTypeNode(node)) return
    if (!isText(node)) return ts.forEachChild(node, visit)
    const text = read(node).replaceAll('\n', '\\n')
    if (isProse(text)) texts.push(text)
    inserted(node).forEach(visit)
  }
  visit(ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true))
  return texts
}

/** A literal, a template, or several that are joined by `+`. */
function isText(node: ts.Node): node is ts.Expression {
  if (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node) || ts.isJsxText(node)) return true
  return isJoined(node) && (isText(node.left) || isText(node.right))
}

const isJoined = (node: ts.Node): node is ts.BinaryExpression =>
  ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken

function read(node: ts.Node): string {
  if (ts.isStringLiteralLike(node) || ts.isJsxText(node)) return node.text
  if (ts.isTemplateExpression(node))
    return node.head.text + node.templateSpans.map(({ literal }) => `{…}${literal.text}`).join('')
  return isJoined(node) ? read(node.left) + read(node.right) : '{…}'
}

/** What is put into a text: it may hold texts of its own. */
function inserted(node: ts.Node): readonly ts.Node[] {
  if (ts.isTemplateExpression(node)) return node.templateSpans.map(({ expression }) => expression)
  if (isJoined(node)) return [node.left, node.right].flatMap((side) => (isText(side) ? inserted(side) : [side]))
  return []
}

/** It has two words in a row, and is neither code nor a style. */
const isProse = (text: string) => /[a-z'’]{2,}[,:;.)"…]* [a-z`"'({]/i.test(text) && !code.test(text)
const code =
  /^(use client|import |export |\* as |\{ \{…\} as|\(function|as import|PRAGMA|SELECT|INSERT|UPDATE|DELETE|BEGIN|SameSite|\[object |\\n)|^ {2}(const|\{)|, sans-serif$|\b(solid|rgb)\b|Path=\/|^[a-z]+, [a-z]+$/
