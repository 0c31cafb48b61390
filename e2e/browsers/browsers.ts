/**
 * The same scenarios in Chromium, Firefox and WebKit, against a production build of the fixture: `npm run browsers`. `--only firefox,webkit`
 * chooses browsers, `--grep back` scenarios, `--short` takes the few of the test command. `--built` takes the build that is there,
 * `--json FILE` keeps the counts. A browser that is not on this machine is skipped, with a line. Exits with 1 if a scenario failed.
 */
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { networkInterfaces } from 'node:os'
import { parseArgs } from 'node:util'
import { turbopackBuild } from '../fixture'
import { FixtureApp } from '../fixture-app'
import type { BrowserTab } from './browser'
import { browsers, type Found } from './found'
import { type Denied, type Scenario, type Scene, scenarios } from './scenarios'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    grep: { type: 'string' },
    short: { type: 'boolean' },
    built: { type: 'boolean' },
    json: { type: 'string' },
  },
})
const only = values.only?.split(',')
const counts = { passed: 0, failed: 0 }
const noAnswer = new Error('The browser does not answer.')
const chosen = browsers
  .filter((f) => !process.env.S || f.setting)
  .filter(({ name, setting }) => (!only || only.includes(name)) && !(values.short && setting))
const here = chosen.filter(({ missing }) => !missing)
for (const { missing } of new Map(chosen.map((found) => [found.name, found])).values())
  if (missing) console.log(`skipped: ${missing}`)
if (here.length > 0) await all()
if (values.json) writeFileSync(values.json, JSON.stringify(counts))
console.log(`${counts.passed} passed, ${counts.failed} failed`)
process.exit(counts.failed === 0 ? 0 : 1)

async function all(): Promise<void> {
  const app = new FixtureApp(turbopackBuild, undefined, values.built ? 'present' : 'fresh')
  app.lockWaitMs = 0
  if (!app.isBuilt) await app.build()
  await app.start()
  const lan = await lanTo(app)
  if (!lan) console.log('skipped: this machine has no address that is no secure context')
  try {
    for (const found of here) await inBrowser(found, app, lan)
  } finally {
    lan?.server.close()
    app.thaw()
    await app.stop()
  }
}

async function inBrowser(found: Found, app: FixtureApp, lan: Scene['lan']): Promise<void> {
  const began = performance.now()
  let browser = await found.open()
  console.log(`\n${browser.name}${found.setting ? ` ${found.setting}` : ''}`)
  let passed = 0
  const suitable = scenarios.filter((scenario) =>
    suits(scenario, [...(found.denies ?? []), ...(lan ? [] : (['lan'] as const))]),
  )
  try {
    for (const scenario of suitable) {
      let end = await runs(scenario, { browser, app, lan })
      for (let tries = 1; end === 'stuck' && tries < 3; tries += 1) {
        await within(browser.close(), 10_000).catch(() => {})
        browser = await found.open()
        end = await runs(scenario, { browser, app, lan })
      }
      if (end === 'stuck') counts.failed += 1
      else if (end) passed += 1
    }
  } finally {
    await within(browser.close(), 10_000).catch(() => {})
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(0)
  console.log(`  ${passed} of ${suitable.length} in ${seconds} s`)
}

function suits({ title, short, needs = [], lacks }: Scenario, denies: readonly Denied[]): boolean {
  if (needs.some((need) => denies.includes(need)) || (lacks && !denies.includes(lacks))) return false
  return (short || !values.short) && (!values.grep || title.includes(values.grep))
}

/** `'stuck'` where the browser answered its driver no more, as WebKitGTK's does now and then: it is started again, and the scenario runs up to twice more. */
async function runs(scenario: Scenario, scene: Omit<Scene, 'tab'>): Promise<boolean | 'stuck'> {
  const began = performance.now()
  let tab: BrowserTab | undefined
  const run = async () => {
    tab = await scene.browser.tab()
    await scenario.run({ ...scene, tab })
  }
  const took = () => `(${((performance.now() - began) / 1000).toFixed(1)} s)`
  try {
    await within(run(), values.short ? 45_000 : 300_000)
    console.log(`  ✓ ${scenario.title} ${took()}`)
    counts.passed += 1
    return true
  } catch (error) {
    if (error === noAnswer) {
      console.log(`  … ${scenario.title}: no answer of the browser ${took()}`)
      return 'stuck'
    }
    console.log(`  ✗ ${scenario.title} ${took()}\n    ${(error as Error).message}`)
    counts.failed += 1
    return false
  } finally {
    scene.app.thaw()
    if (!scene.app.runs) await scene.app.start(scene.app.port)
    await within(Promise.resolve(tab?.close()), 10_000).catch(() => {})
  }
}

/** What `work` gives, within so many milliseconds. */
async function within<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(noAnswer), ms)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}

/** The server by the address of this machine in its network, as a phone would reach it. */
async function lanTo(app: FixtureApp): Promise<{ url: string; server: Server } | undefined> {
  const outside = Object.values(networkInterfaces()).flatMap((all = []) => all)
  const address = outside.find(({ family, internal }) => family === 'IPv4' && !internal)?.address
  if (!address) return undefined
  const server = createServer((socket) => {
    const other = connect(app.port, '127.0.0.1')
    for (const [from, to] of [
      [socket, other],
      [other, socket],
    ] as const)
      from.pipe(to).on('error', () => from.destroy())
  }).listen(0, address)
  await once(server, 'listening')
  const { pathname } = new URL(app.url)
  return { server, url: `http://${address}:${(server.address() as AddressInfo).port}${pathname}` }
}
