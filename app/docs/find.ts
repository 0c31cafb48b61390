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

/** Words of a question that say nothing about what is looked for. */
const small = new Set('a an and do does how i in is it of or the to what when why with'.split(' '))

export function find(entries: readonly Entry[], query: string): readonly Found[] {
  const all = query.toLowerCase().split(/\s+/).filter(Boolean)
  const telling = all.filter((word) => !small.has(word))
  const words = (telling.length > 0 ? telling : all).map(formsOf)
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
    .map(({ entry }) => ({ entry, excerpt: marked(excerptOf(entry.text, words.flat()), words.flat()) }))
}

/** 0 if a word is missing; a match in a title counts most, and more if it has all words. The guide comes before what it leads to. */
function scoreOf({ page, heading, text, href }: Entry, words: readonly (readonly string[])[]): number {
  const best = (where: string, forms: readonly string[]) => Math.max(...forms.map((form) => weight(where, form)))
  let score = 0
  for (const forms of words) {
    const found = 12 * best(page, forms) * (heading === '' ? 2 : 1) + 8 * best(heading, forms) + best(text, forms)
    if (found === 0) return 0
    score += found
  }
  const title = heading === '' ? page : heading
  if (words.every((forms) => best(title, forms) > 1)) score += 50
  return score * (/^\/docs(\/(errors\/|recipes\/|api|README).*|\/?(#.*)?)?$/.test(href) ? 0.6 : 1)
}

/** A word, and what is left of it without its ending: `logging` finds `log`, `uploads` finds `upload`. */
function formsOf(word: string): readonly string[] {
  const stem = word.replace(/(?:ing|ed|s)$/, '').replace(/([bdgmnprt])\1$/, '$1')
  return stem.length >= 3 && stem !== word && word.length >= 5 ? [word, stem] : [word]
}

/** 3 for a whole word, 2 for the begin of one, 1 inside one; a short word must begin there. */
function weight(text: string, word: string): number {
  const lower = text.toLowerCase()
  let best = 0
  for (let at = lower.indexOf(word); at >= 0 && best < 3; at = lower.indexOf(word, at + 1)) {
    const begins = !isLetter(lower[at - 1])
    best = Math.max(best, begins ? (isLetter(lower[at + word.length]) ? 2 : 3) : word.length > 3 ? 1 : 0)
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
