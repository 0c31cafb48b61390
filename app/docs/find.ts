/** The search of the docs: every word of a query must be found in a section, at the begin of a word or inside one. */

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

export function find(entries: readonly Entry[], query: string): readonly Found[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return []
  return entries
    .map((entry) => ({ entry, score: scoreOf(entry, words) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .filter(
      ({ entry }, place, all) =>
        all.slice(0, place).filter((above) => above.entry.page === entry.page).length < mostOfPage,
    )
    .slice(0, most)
    .map(({ entry }) => ({ entry, excerpt: marked(excerptOf(entry.text, words), words) }))
}

/** 0 if a word is missing; a match in a title counts most. */
function scoreOf({ page, heading, text }: Entry, words: readonly string[]): number {
  let score = 0
  for (const word of words) {
    const found = 12 * weight(page, word) * (heading === '' ? 2 : 1) + 8 * weight(heading, word) + weight(text, word)
    if (found === 0) return 0
    score += found
  }
  return score
}

/** 3 for a whole word, 2 for the begin of one, 1 inside one. */
function weight(text: string, word: string): number {
  const lower = text.toLowerCase()
  let best = 0
  for (let at = lower.indexOf(word); at >= 0 && best < 3; at = lower.indexOf(word, at + 1)) {
    const begins = !isLetter(lower[at - 1])
    best = Math.max(best, begins ? (isLetter(lower[at + word.length]) ? 2 : 3) : 1)
  }
  return best
}

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
