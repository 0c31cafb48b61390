/** Pages that an address which leads nowhere may have meant. */
import type { Place } from './pages'

const most = 3

/** The three pages that are most like a path, best first. */
export function near(path: string, pages: readonly Place[]): readonly Place[] {
  const wanted = pairsOf(lastOf(path))
  const score = ({ href, title }: Place) =>
    Math.max(likeness(wanted, pairsOf(lastOf(href))), likeness(wanted, pairsOf(title)))
  return pages
    .map((page) => ({ page, score: score(page) }))
    .sort((a, b) => b.score - a.score)
    .slice(0, most)
    .map(({ page }) => page)
}

const lastOf = (path: string) => path.split('/').filter(Boolean).at(-1) ?? ''

/** Each two letters that follow each other. */
function pairsOf(text: string): ReadonlySet<string> {
  const letters = text.toLowerCase().replaceAll(/\.\w+$|[^\p{L}\p{N}]/gu, '')
  return new Set(Array.from(letters.slice(1), (letter, at) => `${letters[at]}${letter}`))
}

/** 0 where two have nothing in common, 1 where they are the same. */
function likeness(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const shared = [...a].filter((pair) => b.has(pair)).length
  return a.size + b.size === 0 ? 0 : (2 * shared) / (a.size + b.size)
}
