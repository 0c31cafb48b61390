/** From a page's text to what is shown: HTML with highlighted code and headings that can be linked to, and its sections as plain text. */
import { Marked, type Tokens } from 'marked'
import { bundledLanguages, createHighlighter, type Highlighter } from 'shiki'
import { resolve } from './pages'

export interface Section {
  /** Empty before the first heading below the title. */
  readonly heading: string
  readonly anchor: string
  readonly text: string
}

const languages = ['bash', 'docker', 'js', 'json', 'nginx', 'toml', 'ts', 'tsx', 'yaml'] as const
let highlighting: Promise<Highlighter> | undefined

function highlighter(): Promise<Highlighter> {
  highlighting ??= createHighlighter({
    themes: ['github-light-high-contrast', 'github-dark-high-contrast'],
    langs: [...languages],
  })
  return highlighting
}

/** The HTML of a page; `name` is its path below `docs/`, from which its links lead. */
export async function html(name: string, text: string): Promise<string> {
  const shiki = await highlighter()
  const anchors = new Anchors()
  const marked = new Marked({
    renderer: {
      html: ({ text }) => (text.startsWith('<!--') ? '' : text), // hidden checks of the examples
      heading({ tokens, depth }) {
        const inner = this.parser.parseInline(tokens)
        const anchor = anchors.of(plain(tokens))
        if (depth === 1) return `<h1>${inner}</h1>`
        return `<h${depth} id="${anchor}"><a href="#${anchor}">${inner}</a></h${depth}>`
      },
      link({ href, tokens }) {
        const to = resolve(name, href)
        const inner = this.parser.parseInline(tokens)
        return to === undefined ? inner : `<a href="${to}">${inner}</a>`
      },
      code: ({ text: code, lang = '' }) => highlighted(shiki, code, lang),
      table(token) {
        const rows = [token.header, ...token.rows].map(
          (cells) => `<tr>${cells.map((cell) => `<td>${this.parser.parseInline(cell.tokens)}</td>`).join('')}</tr>`,
        )
        const [head = '', ...body] = rows
        const heads = token.header.some(({ text }) => text !== '')
          ? head.replaceAll(/<td>(.+?)<\/td>/g, '<th scope="col">$1</th>')
          : ''
        return `<div class="wide" data-scrolls="Table"><table><thead>${heads}</thead><tbody>${body.join('')}</tbody></table></div>`
      },
    },
  })
  return marked.parse(text, { async: false })
}

/** The language of a block by the words behind its fence; `text` for what is none. It must be one of those that are loaded. */
export function languageOf(words: string): string {
  const [given = ''] = words.split(' ')
  return given === 'sh' ? 'bash' : given === 'dockerfile' ? 'docker' : given in bundledLanguages ? given : 'text'
}

export const isLoaded = (language: string) => language === 'text' || (languages as readonly string[]).includes(language)

/** Code with its file's name above it and a button that copies it. `app/docs/article.tsx` gives the button its work. */
export async function codeFigure(code: string, words: string, file?: string): Promise<string> {
  return figure(await highlighter(), code, words, file)
}

function highlighted(shiki: Highlighter, given: string, words: string): string {
  const { file, code } = named(given)
  return figure(shiki, code, words, file)
}

function figure(shiki: Highlighter, code: string, words: string, file: string | undefined): string {
  const language = languageOf(words)
  const shown = shiki
    .codeToHtml(code, {
      lang: language,
      themes: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
      defaultColor: 'light-dark()',
      tokenizeTimeLimit: 0, // else a busy machine leaves the rest of the code plain
    })
    .replace(' tabindex="0"', '')
    .replace('<pre ', `<pre data-scrolls="Code${file ? `: ${file}` : ''}" `)
  const tab = file ? `<figcaption>${file}</figcaption>` : ''
  const copy = language === 'text' ? '' : `<button type="button" class="copy" data-copy>Copy</button>`
  return `<figure class="code${file ? ' named' : ''}">${tab}${copy}${shown}</figure>`
}

/** Where the first line of a block is a comment that names a file, the name is the block's tab and no line of it. */
export function named(code: string): { readonly file?: string; readonly code: string } {
  const [line = '', ...rest] = code.split('\n')
  const [, file] = /^(?:\/\/|#) ((?:[\w.()[\]-]+\/)*[\w.[\]-]*\.\w+|Dockerfile)$/.exec(line) ?? []
  return file === undefined || rest.length === 0 ? { code } : { file, code: rest.join('\n').replace(/^\n/, '') }
}

/** The first paragraph of a page, for a reader who sees no more of it. */
export function descriptionOf(text: string): string {
  const paragraphs = new Marked().lexer(text).filter((token): token is Tokens.Paragraph => token.type === 'paragraph')
  const [words = ''] = paragraphs
    .map(({ tokens }) => plain(tokens).replaceAll(/\s+/g, ' '))
    .filter((words) => words.length >= shortestDescription)
  if (words.length <= longestDescription) return words
  const cut = words.slice(0, longestDescription)
  const sentence = cut.lastIndexOf('. ')
  return sentence > longestDescription / 3 ? cut.slice(0, sentence + 1) : `${cut.slice(0, cut.lastIndexOf(' '))} …`
}

const shortestDescription = 30 // a date, or the state of a decision, describes nothing
const longestDescription = 200 // letters: search engines show about as many

/** The headings that "On this page" lists. */
export function contents(text: string): readonly { readonly title: string; readonly anchor: string }[] {
  const anchors = new Anchors()
  return new Marked()
    .lexer(text)
    .filter((token): token is Tokens.Heading => token.type === 'heading')
    .map(({ depth, tokens }) => ({ depth, title: plain(tokens), anchor: anchors.of(plain(tokens)) }))
    .filter(({ depth }) => depth === 2)
}

/** What search looks through. */
export function sections(text: string): readonly Section[] {
  const anchors = new Anchors()
  const found: { heading: string; anchor: string; text: string }[] = [{ heading: '', anchor: '', text: '' }]
  for (const token of new Marked().lexer(text)) {
    if (token.type === 'heading' && token.depth === 1) anchors.of(plain(token.tokens ?? []))
    else if (token.type === 'heading') {
      const heading = plain(token.tokens ?? [])
      found.push({ heading, anchor: anchors.of(heading), text: '' })
    } else if (token.type !== 'html') {
      const last = found.at(-1)
      if (last) last.text = `${last.text} ${textOf(token)}`.replaceAll(/\s+/g, ' ').trim()
    }
  }
  return found
}

function textOf(token: Tokens.Generic): string {
  if (token.type === 'table') {
    const { header, rows } = token as Tokens.Table
    return [header, ...rows].flatMap((cells) => cells.map(({ tokens }) => plain(tokens))).join(' ')
  }
  if (token.type === 'list') return (token as Tokens.List).items.map((item) => plain(item.tokens)).join(' ')
  return token.tokens ? plain(token.tokens) : token.type === 'space' ? '' : token.raw.replaceAll(/^```.*$/gm, '')
}

/** The text of tokens without their marks. */
function plain(tokens: readonly Tokens.Generic[]): string {
  return tokens
    .map((token) => (token.tokens ? plain(token.tokens) : ((token as { text?: string }).text ?? token.raw)))
    .join('')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
}

/** Anchors of headings, as GitHub makes them. */
export class Anchors {
  private readonly taken = new Map<string, number>()

  of(heading: string): string {
    const anchor = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-')
    const times = this.taken.get(anchor) ?? 0
    this.taken.set(anchor, times + 1)
    return times === 0 ? anchor : `${anchor}-${times}`
  }
}
