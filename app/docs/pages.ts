/**
 * The pages of `docs/`, as this app shows them. Their order and their groups are those of the lists in `docs/README.md`. A
 * page that stands there and is not written yet is left out, and so are links to it.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'

export interface Place {
  readonly title: string
  readonly href: string
}

export interface Group {
  readonly title: string
  readonly pages: readonly Place[]
}

const folder = () => join(process.cwd(), 'docs')

/** The paths of all pages below `docs/`, without `.md`: `state`, `errors/offline`, and `README`. */
export function names(): string[] {
  const within = (name: string) => readdirSync(join(folder(), name)).map((file) => `${name}/${file}`)
  return readdirSync(folder(), { withFileTypes: true })
    .filter(({ name }) => !name.startsWith('.')) // tests write examples there, and remove them
    .flatMap((entry) => (entry.isDirectory() ? within(entry.name) : [entry.name]))
    .filter((file) => file.endsWith('.md'))
    .map((file) => file.replace(/\.md$/, ''))
    .sort()
}

export const source = (name: string) => readFileSync(join(folder(), `${name}.md`), 'utf8')

export const exists = (name: string) => existsSync(join(folder(), `${name}.md`))

export const hrefOf = (name: string) => (name === 'README' ? '/docs' : `/docs/${name}`)

export const titleOf = (name: string) =>
  name === 'README' ? 'Docs' : (/^# (.+)$/m.exec(source(name))?.[1] ?? name).replaceAll('`', '')

/**
 * Where a link of a page leads here: a page below `docs/` by its file, another site as it is. `undefined` for what has no
 * page: a file of the repository, or one that is not written yet.
 */
export function resolve(from: string, link: string): string | undefined {
  if (/^(https?|mailto):/.test(link) || link.startsWith('#')) return link
  const [path = '', hash] = link.split('#')
  const file = posix.join(dirname(from), path)
  if (file.startsWith('../')) return undefined // of the repository, and no page of this site
  const name = file.replace(/\.md$/, '')
  if (!file.endsWith('.md') || !exists(name)) return undefined
  return hrefOf(name) + (hash ? `#${hash}` : '')
}

/** Each page by its title, but for the decisions. */
export const everyPage = (): readonly Place[] =>
  names()
    .filter((name) => !name.startsWith('adr/0'))
    .map((name) => ({ title: titleOf(name), href: hrefOf(name) }))

/** The menu: a group for each heading of the index. */
export function groups(): readonly Group[] {
  return source('README')
    .split(/^## /m)
    .slice(1)
    .map((section) => ({
      title: section.slice(0, section.indexOf('\n')),
      pages: [...section.matchAll(/^\d+\. \[(.+?)\]\(([\w/-]+)\.md\)/gm)]
        .filter(([, , name = '']) => exists(name))
        .map(([, title = '', name = '']) => ({ title, href: hrefOf(name) })),
    }))
}

/** The pages before and after one, in the order of the index; errors follow each other. */
export function neighbours(name: string): { readonly before: Place | undefined; readonly after: Place | undefined } {
  const order = name.startsWith('errors/')
    ? names()
        .filter((other) => other.startsWith('errors/'))
        .map((other) => ({ title: titleOf(other), href: hrefOf(other) }))
    : [{ title: titleOf('README'), href: '/docs' }, ...groups().flatMap(({ pages }) => pages)]
  const at = order.findIndex(({ href }) => href === hrefOf(name))
  return { before: order[at - 1], after: at < 0 ? undefined : order[at + 1] }
}
