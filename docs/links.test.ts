/** Links of the README and the docs lead somewhere, with their anchors. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { sections } from '../app/docs/markdown'
import { groups, hrefOf, names, resolve, source } from '../app/docs/pages'
import { blocksOf, pagesOf } from './examples.js'

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
    (page) => !/^README|docs\/README|docs\/errors\/|docs\/adr\//.test(page) && !listed.includes(page),
  )
  expect(missing).toEqual([])
})

it('each decision has its context, its decision and its cost, and stands in the list of decisions', () => {
  const pages = pagesOf(root).filter((page) => /docs\/adr\/\d/.test(page))
  const list = read('docs/adr/README.md').matchAll(/^(\d+)\. \[(.+)\]\((.+)\)$/gm)
  expect([...list].map(([, number, title, file]) => [`docs/adr/${file}`, `# ${number}. ${title}`])).toEqual(
    pages.map((page) => [page, read(page).split('\n')[0]]),
  )
  const parts = (page: string) => ['Context', 'Decision', 'Cost'].filter((part) => !read(page).includes(`\n## ${part}`))
  expect(pages.flatMap(parts)).toEqual([])
})

it('each control in an example has a label', () => {
  const bare = pagesOf(root).flatMap((page) =>
    blocksOf(read(page)).flatMap(({ line, code }) => unlabelled(code).map((control) => `${page}:${line} ${control}`)),
  )
  expect(unlabelled('<label>Name <input /></label> <input name="b" /> <progress aria-label="x" />')).toEqual([
    '<input name="b" />',
  ])
  expect(bare).toEqual([])
})

/** Controls that stand in no label, and have none of their own. */
function unlabelled(code: string): string[] {
  return [...code.matchAll(/<(?:input|select|textarea|progress)\b(?:[^>]|=>)*>/g)]
    .filter(({ 0: control, index }) => {
      const before = code.slice(0, index)
      if (code.includes('htmlFor=') && control.includes('{...field(')) return false // `field` gives the id; docs/form.test.ts looks at the page
      const isInside = before.split('<label').length > before.split('</label>').length
      return !isInside && !/aria-label|type="hidden"/.test(control)
    })
    .map(([control]) => control)
}

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
  return anchor === undefined || anchorsOf(file).has(anchor)
}

const anchors = new Map<string, ReadonlySet<string>>()

function anchorsOf(file: string): ReadonlySet<string> {
  const known = anchors.get(file) ?? new Set(sections(read(file)).map((section) => section.anchor))
  anchors.set(file, known)
  return known
}
