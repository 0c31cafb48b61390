/** Links of the README and the docs lead somewhere, with their anchors. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { sections } from '../app/docs/markdown'
import { groups } from '../app/docs/pages'
import { pagesOf } from './examples.js'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

const read = (file: string) => readFileSync(join(root, file), 'utf8')

describe.each(pagesOf(root))('%s', (page) => {
  const text = read(page).replaceAll(/^```[\s\S]*?^```$|^<!--[\s\S]*?-->$/gm, '')

  it('has a title, and links that lead somewhere', () => {
    expect(text).toMatch(/^# .+/)
    const broken = [...text.matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, link = '']) => link)
      .filter((link) => !leads(page, link))
    expect(broken).toEqual([])
  })
})

it('each page of the docs can be reached from the index', () => {
  const listed = groups().flatMap(({ pages }) => pages.map(({ href }) => `${href.slice(1)}.md`))
  const missing = pagesOf(root).filter(
    (page) => !/^README|docs\/README|docs\/errors\//.test(page) && !listed.includes(page),
  )
  expect(missing).toEqual([])
})

function leads(page: string, link: string): boolean {
  if (/^https?:/.test(link)) return true
  const [path = '', anchor] = link.split('#')
  const file = path === '' ? page : join(dirname(page), path)
  if (!existsSync(join(root, file))) return false
  return anchor === undefined || sections(read(file)).some((section) => section.anchor === anchor)
}
