/** The pages of the package: those of errors are at the place that an error names, and lead on to others. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { HeldStateError } from 'heldstate'
import { afterAll, afterEach, expect, it, vi } from 'vitest'
import { addPages } from '../scripts/package/package.mjs'

const folder = mkdtempSync(join(tmpdir(), 'heldstate-pages-'))
addPages(folder)
const read = (page: string) => readFileSync(join(folder, page), 'utf8')

afterAll(() => rmSync(folder, { recursive: true }))
afterEach(() => vi.unstubAllEnvs())

it('an error in development names its page, which is in the package', () => {
  vi.stubEnv('NODE_ENV', 'development')
  const place = new HeldStateError('lock-timeout', 'no').docs
  const path = /^node_modules\/heldstate\/(docs\/.+)/.exec(place ?? '')?.[1] as string
  expect(read(path)).toMatch(/^# lock-timeout/)
  expect(JSON.parse(readFileSync(new URL('../lib/package.json', import.meta.url), 'utf8')).files).toContain('docs')
})

it('an error in production does not', () => {
  vi.stubEnv('NODE_ENV', 'production')
  expect('docs' in new HeldStateError('lock-timeout', 'no')).toBe(false)
})

it('the package has pages and nothing else below its docs, and no link of theirs is dead', () => {
  const shipped = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.\w+$/.test(name))
  expect(shipped.filter((name) => !name.endsWith('.md') || name.startsWith('docs/adr'))).toEqual([])
  const links = shipped.flatMap((page) => linksIn(read(page)).map((link) => [page, link] as const))
  expect(links).toContainEqual(['docs/errors/invalid-arguments.md', '../events.md'])
  expect(links.filter(([page, link]) => !existsSync(join(folder, dirname(page), link)))).toEqual([])
})

it('a link to a file that only the repository has becomes its words', () => {
  const readme = read('README.md')
  expect(readme).toContain('[docs](docs/README.md) has the guide')
  expect(readme).toContain('\nARCHITECTURE.md tells how it works')
  expect(readme).toContain('[Standard Schema](https://standardschema.dev)')
})

/** The files to which a page leads, beside its code. */
function linksIn(text: string): string[] {
  const links = text.replaceAll(/^```[\s\S]*?^```$/gm, '').matchAll(/\]\(([^)\s#]+)[^)]*\)/g)
  return [...links].map(([, link = '']) => link).filter((link) => !link.startsWith('http'))
}
