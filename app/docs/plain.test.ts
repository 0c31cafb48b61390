import { expect, it } from 'vitest'
import { isLoaded, languageOf } from './markdown'
import { groups, names, source } from './pages'
import { llmsText, markdownHref, markdownOf } from './plain'

const served = new Set(names().map(markdownHref))
const linksOf = (text: string) =>
  [...text.replaceAll(/^```[\s\S]*?^```$/gm, '').matchAll(/\]\((\/[^)#\s]*)/g)].map(([, link = '']) => link)

it('llms.txt has each page of the menu and each error, with links that are served', () => {
  const text = llmsText()
  expect(text).toMatch(/^# heldstate\n\n> Server-side state for Next\.js: .+\.\n\n## Start\n/)
  expect(text).toContain('- [State](/docs/state.md): fields, private and computed ones')
  const links = linksOf(text)
  expect(links.filter((link) => !served.has(link))).toEqual([])
  const pages = groups().flatMap(({ pages }) => pages.map(({ href }) => `${href}.md`))
  expect(pages.filter((page) => !links.includes(page))).toEqual([])
  expect(links).toContain('/docs/errors/nested-lock.md')
})

it('the Markdown of a page has its examples without their hidden checks, and links to the Markdown of others', () => {
  const text = markdownOf('get-started')
  expect(text).toContain("export const counter = defineState('counter'")
  expect(text).not.toContain('<!--')
  expect(text).toContain('](/docs/state.md)')
  expect(markdownOf('how-it-works')).toContain('read\nARCHITECTURE.md.')
})

it('no link in the Markdown of any page is dead', () => {
  const dead = names().flatMap((name) => linksOf(markdownOf(name)).filter((link) => !served.has(link)))
  expect(dead).toEqual([])
})

it('each block of code is in a language that the pages can show', () => {
  const words = names().flatMap((name) => [...source(name).matchAll(/^```(\S.*)$/gm)].map(([, words = '']) => words))
  expect(words.length).toBeGreaterThan(200)
  expect([...new Set(words.map(languageOf))].filter((language) => !isLoaded(language))).toEqual([])
})
