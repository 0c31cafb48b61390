/** The addresses of all pages, as their files stand in `app/` and `docs/`. Read while the app is built. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { hrefOf, names } from './docs/pages'

export function paths(): string[] {
  const files = readdirSync(join(process.cwd(), 'app'), { recursive: true, encoding: 'utf8' })
  const pages = files
    .map((file) => `/${file.replaceAll('\\', '/')}`)
    .filter((file) => /\/page\.(tsx|mdx?)$/.test(file) && !file.includes('[') && !file.includes('/not-here/'))
    .map((file) => file.replace(/\/page\.\w+$/, '').replaceAll(/\/\(\w+\)/g, '') || '/')
  return [...pages.sort(), ...names().map(hrefOf)]
}
