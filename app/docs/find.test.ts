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

it('finds words in any place, and what has all of them first', () => {
  expect(pages('crash')).toEqual(['Testing A crash'])
  expect(pages('server crash')).toEqual(['Testing A crash'])
  expect(pages('block event lock')[0]).toBe('nested-lock ')
  expect(pages('  ')).toEqual([])
})

it('a word that no section has hides nothing, and what has a part of the words follows', () => {
  expect(pages('why does my server crash xyzzy')[0]).toBe('Testing A crash')
  expect(pages('server schema')).toEqual(['Events Arguments', 'Testing A crash'])
  expect(pages('xyzzy')).toEqual([])
})

it('reads a query as it is typed: quotes, marks, endings, and other words for the same', () => {
  expect(pages('"crash"')).toEqual(['Testing A crash'])
  expect(pages('Server crashed?')[0]).toBe('Testing A crash')
  expect(pages('zod')[0]).toBe('Events Arguments')
})

it('does not find a short word inside another one', () => {
  const found = find([entry('Optimistic updates', '', 'An update.'), entry('State', 'Values', 'A Date.')], 'date')
  expect(found.map(({ entry: { page } }) => page)).toEqual(['State'])
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
