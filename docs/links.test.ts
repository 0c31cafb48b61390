/** Links of the README and the docs lead somewhere, with their anchors. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { sections } from '../app/docs/markdown'
import { groups, hrefOf, names, resolve, source } from '../app/docs/pages'
import { pagesOf } from './examples.js'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

const read = (file: string) => readFileSync(join(root, file), 'utf8')

describe.each(pagesOf(root))('%s', (page) => {
  const text = read(page)

  it('has a title, and links that lead somewhere', () => {
    expect(text).toMatch(/^# .+/)
    expect(linksIn(text).filter((link) => !leads(page, link))).toEqual([])
  })
})

it('a link of a page leads to a page of the site, or to another site', () => {
  const pages = new Set(names().map(hrefOf))
  const led = names().flatMap((name) =>
    linksIn(source(name)).map((link) => ({ name, link, to: resolve(name, link)?.replace(/#.*/, '') })),
  )
  expect(led.length).toBeGreaterThan(200)
  expect(led.filter(({ to }) => to !== undefined && to !== '' && !/^https?:/.test(to) && !pages.has(to))).toEqual([])
})

it('each page of the docs can be reached from the index', () => {
  const listed = groups().flatMap(({ pages }) => pages.map(({ href }) => `${href.slice(1)}.md`))
  const missing = pagesOf(root).filter(
    (page) => !/^README|docs\/README|docs\/errors\//.test(page) && !listed.includes(page),
  )
  expect(missing).toEqual([])
})

/** Where a text leads to, but for its code. */
function linksIn(text: string): string[] {
  const words = text.replaceAll(/^```[\s\S]*?^```$|^<!--[\s\S]*?-->$/gm, '')
  return [...words.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)
}

function leads(page: string, link: string): boolean {
  if (/^https?:/.test(link)) return true
  const [path = '', anchor] = link.split('#')
  const file = path === '' ? page : join(dirname(page), path)
  if (!existsSync(join(root, file))) return false
  return anchor === undefined || sections(read(file)).some((section) => section.anchor === anchor)
}
