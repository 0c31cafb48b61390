/**
 * Packs the library, and makes each app of the matrix from nothing: installs, `heldstate init --yes`, builds, starts, and
 * drives the example in Chromium, in production and in development. `npm run matrix` runs all cells, `npm run matrix -- newest
 * lowest` those. Exits with 1 if one failed.
 */
import { chromium } from '@playwright/test'
import { bringChromium } from '../find/chromium.mjs'
import { MatrixApp, packed } from './app.mjs'
import { cells } from './cells.mjs'
import { driveExample } from './page.mjs'

const named = process.argv.slice(2)
const unknown = named.filter((name) => !cells.some((cell) => cell.name === name))
if (unknown.length > 0) {
  console.error(`There is no cell ${unknown.join(', ')}. There are ${cells.map(({ name }) => name).join(', ')}.`)
  process.exit(1)
}
const chosen = named.length > 0 ? cells.filter(({ name }) => named.includes(name)) : cells
const tarball = packed()
const browser = await chromium.launch({
  executablePath: bringChromium(),
  args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
})
let failed = 0

for (const cell of chosen) {
  const app = new MatrixApp(cell, tarball)
  const began = performance.now()
  const steps = []
  const step = async (name, work) => {
    await work()
    steps.push(`${name} ${((performance.now() - began) / 1000).toFixed(0)} s`)
  }
  try {
    await step(cell.refused ? 'install' : 'init', () => app.make())
    if (cell.refused) {
      await step('refusals', () => refused(app))
      console.log(`passed ${cell.name}: ${steps.join(', ')}`)
      continue
    }
    await step('dev', () => served(app, 'dev'))
    await step('build', () => app.build())
    await step('start', () => served(app, 'start'))
    console.log(`passed ${cell.name}: ${steps.join(', ')}`)
  } catch (error) {
    failed += 1
    console.log(
      `FAILED ${cell.name} after ${steps.join(', ') || 'nothing'}: ${error.message}\n${app.output.slice(-4000)}`,
    )
  }
}
await browser.close()
console.log(`${chosen.length - failed} cells passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)

/** Each command that must not take such an app says why. */
async function refused(app) {
  for (const [command, said] of Object.entries(await app.refusals()))
    if (!app.cell.refused.test(said)) throw new Error(`${command} says: ${said}`)
}

async function served(app, mode) {
  await app.start(mode)
  const page = await browser.newPage()
  try {
    await driveExample(page, app.url)
    await app.cell.drive?.(page, app.address)
  } finally {
    await page.close()
    await app.stop()
  }
}
