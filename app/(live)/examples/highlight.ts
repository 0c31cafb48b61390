/** Code in the colours of the docs. Each is made once: these pages are made for each visitor, and the code is the same. */
import { createHighlighter, type Highlighter } from 'shiki'
import { sourceOf } from './source'

interface Shown {
  readonly code: string
  readonly html: string
}

const themes = { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' }
const shown = new Map<string, Promise<Shown>>()
let highlighting: Promise<Highlighter> | undefined

/** A file of an example, by the name that its recipe has for it. */
export const fileOf = (name: string): Promise<Shown> => once(name, async () => show(await sourceOf(name)))

export const highlighted = async (code: string): Promise<string> => (await once(code, () => show(code))).html

function once(key: string, make: () => Promise<Shown>): Promise<Shown> {
  const known = process.env.NODE_ENV === 'production' ? shown.get(key) : undefined
  const file = known ?? make()
  shown.set(key, file)
  return file
}

async function show(code: string): Promise<Shown> {
  highlighting ??= createHighlighter({ themes: Object.values(themes), langs: ['tsx'] })
  const html = (await highlighting).codeToHtml(code, {
    lang: 'tsx',
    themes,
    defaultColor: 'light-dark()',
    tokenizeTimeLimit: 0, // shiki leaves the rest of the code plain after 500 ms of a line, and what it made stays
  })
  return { code, html: html.replace(' tabindex="0"', '') } // nothing scrolls
}
