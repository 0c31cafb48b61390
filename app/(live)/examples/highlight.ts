/** The HTML of code, in the colours of the docs. */
import { createHighlighter, type Highlighter } from 'shiki'

const themes = { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' }
let highlighting: Promise<Highlighter> | undefined

export async function highlighted(code: string): Promise<string> {
  highlighting ??= createHighlighter({ themes: Object.values(themes), langs: ['tsx'] })
  return (await highlighting).codeToHtml(code, { lang: 'tsx', themes, defaultColor: 'light-dark()' })
}
