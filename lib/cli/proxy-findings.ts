/** Whether the app's proxy.ts, or middleware.ts as it was called, runs for the route through which state modules are loaded. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { routePath } from '../next/request/route-path.js'
import { type Finding, fine, note } from './finding.js'
import type { Project } from './project.js'

const names = ['proxy', 'middleware'].flatMap((name) => ['ts', 'js', 'mjs'].map((ending) => `${name}.${ending}`))

export function proxyFindings({ dir, appFolder }: Project): readonly Finding[] {
  const folder = appFolder === 'app' ? '' : 'src'
  const name = names.map((file) => join(folder, file)).find((file) => existsSync(join(dir, file)))
  if (name === undefined) return []
  const matchers = matchersIn(readFileSync(join(dir, name), 'utf8'))
  if (matchers !== undefined && !matchers.some((matcher) => matches(matcher)))
    return [fine(`${name} leaves ${routePath} alone`)]
  return [
    note(
      `${name} runs for ${routePath} too. If it redirects or rejects requests, for example for a login, the server ` +
        `cannot load the state modules. Exclude the path in its matcher: export const config = { matcher: '/((?!api/heldstate|_next).*)' }`,
    ),
  ]
}

/** The paths that it asks for; undefined if it asks for all, or for what cannot be read off. */
function matchersIn(text: string): readonly string[] | undefined {
  const list = /\bmatcher\s*:\s*(\[[\s\S]*?\](?=\s*[,}])|(['"`])(?:(?!\2).)*\2)/.exec(text)?.[1]
  const found = [...(list ?? '').matchAll(/(['"`])(\/(?:(?!\1).)*)\1/g)].map((match) => match[2] as string)
  return found.length > 0 ? found : undefined
}

/** In the patterns of Next, parentheses hold a regular expression, and a name stands for one segment, or for all with `*`. */
function matches(matcher: string): boolean {
  const pattern = matcher
    .replaceAll('\\\\', '\\')
    .replaceAll(/\/:\w+\*/g, '(?:/.*)?')
    .replaceAll(/\/:\w+\+/g, '/.+')
    .replaceAll(/:\w+(?=\()/g, '')
    .replaceAll(/(?<!\?):\w+\??/g, '[^/]+')
  try {
    return new RegExp(`^${pattern}/?$`).test(routePath)
  } catch {
    return true
  }
}
