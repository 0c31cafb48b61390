/**
 * Each error comes about as its page says. Where code of an app causes it, the page has an example that fails with this code; the others
 * are brought about by the causes of the fixtures, which are in the page in the same words and name the same bounds and variables.
 */
import { readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeEach, expect, it, vi } from 'vitest'
import { type ErrorCode, errorCodes, isHeldStateError } from '../lib/base/errors.js'
import { type Cause, causes } from './error-causes.fixture.js'
import { type Example, extract } from './examples.js'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const folder = join(root, 'docs/.examples-errors')
const pageOf = (code: string) => `docs/errors/${code}.md`

const examples = new Map<string, readonly Example[]>(
  errorCodes.map((code) => [code, extract(root, pageOf(code), folder)]),
)
const load = (file: string) => import(/* @vite-ignore */ file)
const codeOf = (outcome: unknown) => (isHeldStateError(outcome) ? outcome.code : outcome)

beforeEach(() => {
  for (const name of ['HELDSTATE_DIR', 'HELDSTATE_REDIS', 'HELDSTATE_SECRET']) vi.stubEnv(name, '')
})
afterEach(() => void vi.unstubAllEnvs())
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The codes and values that came out of the scripts of a page. */
async function cameOut(code: ErrorCode): Promise<unknown[]> {
  const all: unknown[] = []
  for (const { kind, file } of examples.get(code) ?? []) {
    if (kind !== 'script') continue
    const { outcomes } = await load(file) // one after the other, since the newest hub is that of the process
    all.push(...outcomes.map(codeOf))
  }
  return all
}

const hasScript = (code: ErrorCode) => examples.get(code)?.some(({ kind }) => kind === 'script')

it.each(errorCodes.filter((code) => !causes[code] || hasScript(code)))(
  '%s: an example of its page fails so',
  async (code) => {
    expect(await cameOut(code)).toContain(code)
  },
)

it.each(errorCodes.filter((code) => causes[code]))('%s: what its page says leads to it', async (code) => {
  const { says, limits = {}, env = {}, run } = causes[code] as Cause
  const page = readFileSync(join(root, pageOf(code)), 'utf8').replaceAll(/\s+/g, ' ')
  expect(page).toContain(says)
  for (const name of Object.keys({ ...limits, ...env })) expect(page, 'names it').toContain(name)
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
  const named = (name: string) => examples.get(code)?.find(({ file }) => file.endsWith(`/${name}`))?.file
  const came = await (async () => run({ limits, load: (name) => load(named(name) ?? name) }))().catch((error) => error)
  expect(codeOf(came), String(came)).toBe(code)
})
