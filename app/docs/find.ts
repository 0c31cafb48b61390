/** The search of the docs. A section need not have all words of a query, but comes later the more of them it lacks. */
import { type Form, wordsOf } from './words'

export interface Entry {
  readonly page: string
  readonly heading: string
  readonly href: string
  readonly text: string
}

export interface Found {
  readonly entry: Entry
  /** Around the first word that was found; what is `hit` matches the query. */
  readonly excerpt: readonly { readonly text: string; readonly hit: boolean }[]
}

const most = 8
const mostOfPage = 2
const around = 70 // letters before a match, and after it twice as many
const usual = 1500 // letters of a section

export function find(entries: readonly Entry[], query: string): readonly Found[] {
  const words = wordsOf(query)
  const texts = words.flat().map(({ text }) => text)
  return rated(entries, words)
    .sort((a, b) => b.score - a.score)
    .filter(
      ({ entry }, place, all) =>
        all.slice(0, place).filter((above) => above.entry.page === entry.page).length < mostOfPage,
    )
    .slice(0, most)
    .map(({ entry }) => ({ entry, excerpt: marked(excerptOf(entry.text, texts), texts) }))
}

/** A word that few sections have tells more than one that all have. What lacks some of that counts less, by its square. */
function rated(entries: readonly Entry[], words: readonly (readonly Form[])[]) {
  const scores = entries.map((entry) => words.map((forms) => scoreOf(entry, forms)))
  const tells = words.map((_, at) => {
    const having = scores.filter((each) => (each[at] ?? 0) > 0).length
    return having === 0 ? 0 : Math.log(1 + entries.length / having)
  })
  const whole = sum(tells)
  return entries
    .map((entry, place) => {
      const of = scores[place] ?? []
      const share = sum(tells.filter((_, at) => (of[at] ?? 0) > 0)) / whole
      const score = sum(of.map((each, at) => (each * (tells[at] ?? 0)) / whole)) + titleOf(entry, words)
      return { entry, score: score * share ** 2 * importance(entry) }
    })
    .filter(({ score }) => score > 0)
}

/** 0 if a word is missing; a match in a title counts most. */
function scoreOf({ page, heading, text }: Entry, forms: readonly Form[]): number {
  const often = occurrences(text, forms)
  const inText = often === 0 ? 0 : (3 * often) / (often + 0.5 + text.length / usual)
  return 12 * best(page, forms) * (heading === '' ? 2 : 1) + 8 * best(heading, forms) + best(text, forms) + inText
}

/** For a title that has all words. */
const titleOf = ({ page, heading }: Entry, words: readonly (readonly Form[])[]) =>
  words.every((forms) => best(heading || page, forms) > 1) ? 50 : 0

/** The guide comes before what it leads to. */
function importance({ href }: Entry): number {
  if (/^\/docs(\/(adr|protocol).*|\/errors\/.*#.*|\/?(#.*)?)?$/.test(href)) return 0.4
  return /^\/docs\/(errors|recipes|api|measured)/.test(href) ? 0.6 : 1
}

const best = (where: string, forms: readonly Form[]) =>
  Math.max(...forms.map(({ text, counts }) => counts * weight(where, text)))

const occurrences = (where: string, forms: readonly Form[]) =>
  Math.max(
    ...forms.map(({ text, counts }) =>
      weight(where, text) >= 2 ? counts * (where.toLowerCase().split(text).length - 1) : 0,
    ),
  )

/** 3 for a whole word or its plural, 2 for the begin of one, ½ inside one; a short word must begin there. */
function weight(text: string, word: string): number {
  const lower = text.toLowerCase()
  let best = 0
  for (let at = lower.indexOf(word); at >= 0 && best < 3; at = lower.indexOf(word, at + 1)) {
    const begins = !isLetter(lower[at - 1])
    const rest = lower.slice(at + word.length)
    best = Math.max(best, begins ? (/^s?(?![\p{L}\p{N}])/u.test(rest) ? 3 : 2) : word.length > 4 ? 0.5 : 0)
  }
  return best
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0)

const isLetter = (letter: string | undefined) => letter !== undefined && /[\p{L}\p{N}]/u.test(letter)

function excerptOf(text: string, words: readonly string[]): string {
  const places = words.map((word) => text.toLowerCase().indexOf(word)).filter((at) => at >= 0)
  const at = Math.min(...places, text.length)
  const from = places.length === 0 || at < around ? 0 : text.indexOf(' ', at - around) + 1
  const cut = text.slice(from, from + 3 * around)
  return `${from > 0 ? '… ' : ''}${cut}${from + cut.length < text.length ? ' …' : ''}`
}

function marked(text: string, words: readonly string[]): Found['excerpt'] {
  const pattern = words.map((word) => word.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')
  return text
    .split(new RegExp(`(${pattern})`, 'gi'))
    .map((part, index) => ({ text: part, hit: index % 2 === 1 }))
    .filter(({ text: part }) => part !== '')
}
