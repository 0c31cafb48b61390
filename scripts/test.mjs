/**
 * All tests, with what they need: types under both compilers, lint, unit and property tests, and the demo in a real
 * browser against a production build and against development. Ends with a line of the real counts.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bringChromium } from './find/chromium.mjs'
import { bringRedis } from './find/redis.mjs'

const results = mkdtempSync(join(tmpdir(), 'heldstate-tests-'))
const env = {
  ...process.env,
  NEXT_TELEMETRY_DISABLED: '1',
  CHROMIUM_PATH: bringChromium(),
  REDIS_SERVER: bringRedis(),
}
let passed = 0
let failed = 0
/** Names of what has failed, for the end of a long log. */
const failures = []

function run(name, args, more = {}) {
  console.log(`\n── ${name}`)
  return spawnSync(process.execPath, args, { stdio: 'inherit', env: { ...env, ...more } }).status === 0
}

/** A check that is one test. */
function check(name, ...args) {
  count(name, run(name, args))
}

function count(name, fine) {
  if (fine) passed += 1
  else {
    failed += 1
    failures.push(name)
  }
}

/** Checks that need one core each. */
async function together(...checks) {
  const ends = checks.map(async ([name, ...args]) => {
    console.log(`\n── ${name}`)
    const [status] = await once(spawn(process.execPath, args, { stdio: 'inherit', env }), 'exit')
    count(name, status === 0)
  })
  await Promise.all(ends)
}

/** A runner with counts of its own; one that leaves none has failed. */
async function suite(name, args, file, counts, more = {}) {
  console.log(`\n── ${name}`)
  const [status] = await once(spawn(process.execPath, args, { stdio: 'inherit', env: { ...env, ...more } }), 'exit')
  const fine = status === 0
  try {
    const report = JSON.parse(readFileSync(join(results, file), 'utf8'))
    const [good, bad] = counts(report)
    passed += good
    failed += bad === 0 && !fine ? 1 : bad
    if (bad > 0 || !fine) failures.push(...namesOf(report).map((test) => `${name}: ${test}`))
  } catch {
    failed += 1
    failures.push(name)
  }
}

/** Specs in Chromium. */
function chromium(name, specs) {
  const file = `${specs}.json`
  return suite(
    name,
    [
      ...['node_modules/@playwright/test/cli.js', 'test', '--reporter=list,json'],
      ...['--output', join(results, `traces-${specs}`)],
    ],
    file,
    ({ stats }) => [stats.expected, stats.unexpected + stats.flaky],
    { E2E: specs, PLAYWRIGHT_JSON_OUTPUT_NAME: join(results, file) },
  )
}

/** The failed tests in a report of Vitest or Playwright. */
function namesOf({ testResults = [], suites = [] }) {
  const units = testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName),
  )
  const specs = (suite) => [...(suite.specs ?? []), ...(suite.suites ?? []).flatMap(specs)]
  const pages = suites.flatMap(specs).filter(({ ok }) => !ok)
  return [...units, ...pages.map(({ file, title }) => `${file} › ${title}`)]
}

const tsc = 'node_modules/typescript/bin/tsc'
const tsc5 = 'node_modules/typescript-5/bin/tsc'
check('build of the library', tsc, '-p', 'lib')
check('types of the library and its tests, TypeScript 7', tsc, '-p', 'lib/tsconfig.test.json')
check('types of the demo, TypeScript 7', tsc, '-p', '.')
await together(
  ['types of the library and their tests, TypeScript 5.9', tsc5, '-p', 'lib/tsconfig.oldest.json'],
  ['types of the demo, TypeScript 5.9', tsc5, '-p', 'tsconfig.oldest.json', '--noEmit'],
)
check('lint and format', 'node_modules/@biomejs/biome/bin/biome', 'check', '--diagnostic-level=error', '.')
await suite(
  'unit and property tests',
  [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${join(results, 'unit.json')}`,
  ],
  'unit.json',
  ({ numPassedTests, numFailedTests }) => [numPassedTests, numFailedTests],
)
check('the package, by publint and are-the-types-wrong', 'scripts/package/check.mjs')
await together(
  ['two hundred simulated lives of a hub and its tabs', 'scripts/simulate.mjs', '--two', '101', '300'],
  ['a hundred of three processes over one coordinator', 'scripts/simulate.mjs', '--two', '--nodes', '3', '101', '200'],
)
check('production build of the demo', 'node_modules/next/dist/bin/next', 'build')
await chromium('the demo in Chromium, production', 'production')
await chromium('the demo in Chromium, development', 'development')
await chromium('apps of their own in Chromium: builds, edits, attached, packed', 'fixture')
await suite(
  'the same in Firefox and WebKit, where they are at hand; `npm run browsers` has more',
  [
    ...['--import', 'tsx', 'e2e/browsers/browsers.ts', '--short', '--built', '--only', 'firefox,webkit'],
    ...['--json', join(results, 'browsers.json')],
  ],
  'browsers.json',
  (counts) => [counts.passed, counts.failed],
)

for (const name of failures) console.log(`failed: ${name}`)
console.log(`\n${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
