import { expect, it } from 'vitest'
import { type Entry, find } from './find'

const entry = (page: string, heading: string, text: string): Entry => ({
  page,
  heading,
  text,
  href: `/${page}#${heading}`,
})
const entries = [
  entry('Events', '', 'An event is what a page may ask for.'),
  entry('Events', 'Arguments', 'Check them with a schema. '.repeat(20)),
  entry('Testing', 'A crash', 'The server dies, and is started anew.'),
  entry('nested-lock', '', 'The lock was asked for inside a block.'),
]
const pages = (query: string) => find(entries, query).map(({ entry: { page, heading } }) => `${page} ${heading}`)

it('finds what has all words, in any place', () => {
  expect(pages('crash')).toEqual(['Testing A crash'])
  expect(pages('server crash')).toEqual(['Testing A crash'])
  expect(pages('server schema')).toEqual([])
  expect(pages('  ')).toEqual([])
})

it('has a title before a text, and the page before its parts', () => {
  expect(pages('event')).toEqual(['Events ', 'Events Arguments'])
  expect(pages('LOCK')[0]).toBe('nested-lock ')
})

it('shows the text around a match, and marks it', () => {
  const [found] = find(entries, 'schema')
  expect(found?.excerpt.slice(0, 2)).toEqual([
    { text: 'Check them with a ', hit: false },
    { text: 'schema', hit: true },
  ])
  expect(found?.excerpt.at(-1)?.text.endsWith('…')).toBe(true)
  expect(find(entries, 'a+(')).toEqual([])
})
