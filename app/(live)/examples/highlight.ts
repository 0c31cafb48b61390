/** The files of the examples in the colours of the docs, each read once: these pages are made for each visitor, and the code is the same. */
import { createHighlighter, type Highlighter } from 'shiki'
import { sourceOf } from './source'

interface Shown {
  readonly code: string
  readonly html: string
}

const themes = { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' }
const shown = new Map<string, Promise<Shown>>()
let highlighting: Promise<Highlighter> | undefined

export function fileOf(name: string): Promise<Shown> {
  const known = process.env.NODE_ENV === 'production' ? shown.get(name) : undefined
  const file = known ?? show(name)
  shown.set(name, file)
  return file
}

async function show(name: string): Promise<Shown> {
  highlighting ??= createHighlighter({ themes: Object.values(themes), langs: ['tsx'] })
  const [shiki, code] = await Promise.all([highlighting, sourceOf(name)])
  const html = shiki.codeToHtml(code, { lang: 'tsx', themes, defaultColor: 'light-dark()' })
  return { code, html: html.replace(' tabindex="0"', '') } // nothing scrolls
}
