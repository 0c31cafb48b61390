/** The pages as Markdown, for people and programs that read text: `/docs/state.md` of each page, and `/llms.txt` as their index. */
import { groups, names, resolve, source, titleOf } from './pages'

/** Where the Markdown of a page is served. */
export const markdownHref = (name: string) => (name === 'README' ? '/docs.md' : `/docs/${name}.md`)

/** A page without the hidden checks of its examples. Its links lead to the Markdown of other pages; those to files that only the repository has are words. */
export function markdownOf(name: string): string {
  return source(name)
    .replaceAll(/^<!--[\s\S]*?-->\n+/gm, '')
    .replaceAll(/^```(\w+) no-\w+$/gm, '```$1')
    .replaceAll(codeOrLink, (whole, words: string | undefined, link: string) => {
      if (words === undefined) return whole
      const to = resolve(name, link)
      return to === undefined ? words : `[${words}](${to.replace(/^\/docs(\/[^#]+)?/, '/docs$1.md')})`
    })
}

/** A block, an inline code, or a link. */
const codeOrLink = /^```[\s\S]*?^```$|`[^`\n]+`(?!\])|\[([^\]]+)\]\(([^)\s]+)\)/gm

/** By the convention of llmstxt.org: a title, a sentence, and lists of links with a few words each. */
export function llmsText(): string {
  const intro =
    source('README')
      .split(/^## /m)[0]
      ?.replace(/^# .*\n/, '') ?? ''
  const first =
    intro
      .trim()
      .split(/(?<=\.)\s/)[0]
      ?.replaceAll(/\s+/g, ' ') ?? ''
  const lists = groups().map(({ title, pages }) => {
    const lines = pages.map(({ title, href }) => `- [${title}](${href}.md)${wordsOf(href)}`)
    return `## ${title}\n\n${lines.join('\n')}`
  })
  const errors = names().filter((name) => name.startsWith('errors/'))
  const codes = errors.map((name) => `- [${titleOf(name)}](${markdownHref(name)})`).join('\n')
  return `# heldstate\n\n> ${first}\n\n${lists.join('\n\n')}\n\n## Errors\n\n${codes}\n`
}

/** What the index says of a page. */
function wordsOf(href: string): string {
  const file = href.replace('/docs/', '').replaceAll('/', '\\/')
  const [, words = ''] = new RegExp(`\\(${file}\\.md\\): (.+)`).exec(source('README')) ?? []
  return words ? `: ${words.replaceAll(/`/g, '')}` : ''
}
