/**
 * Makes the moving picture of the README from the running demo: `npm run picture`. A counter counts, clicks are made without a network, the page is
 * reloaded, the server is killed. Needs a production build, and Chromium by `CHROMIUM_PATH` or Playwright's own.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { chromium } from '@playwright/test'
import sharp from 'sharp'
import { freePort } from '../lib/cluster/redis/server.fixture.ts'
import { DemoNode } from './demo/node.mjs'

const file = 'docs/demo.webp'
const frameMs = 250
const dir = mkdtempSync(join(tmpdir(), 'heldstate-picture-'))
const port = await freePort()
const node = new DemoNode({
  name: 'A',
  port,
  env: { DEMO_SUPERVISED: '1', DEMO_REST_MS: '1000', HELDSTATE_DIR: dir },
  awayMs: 0,
  say: () => {},
})
await node.start()
const executablePath = process.env.CHROMIUM_PATH ?? (existsSync('/usr/bin/chromium') ? '/usr/bin/chromium' : undefined)
const browser = await chromium.launch({
  ...(executablePath && { executablePath }),
  args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
})
const page = await browser.newPage({
  viewport: { width: 1040, height: 640 },
  colorScheme: 'light',
  reducedMotion: 'reduce',
})
await page.goto(`http://localhost:${port}/`)
const hero = page.getByRole('region', { name: 'Try it: a counter on the server' })
const press = (name) => hero.getByRole('button', { name, exact: true }).click()
await hero.getByText(/^[3-9] \/ 300$/).waitFor()

const frames = []
const shoot = async () => frames.push(await page.screenshot({ type: 'png' }))
const watch = async (count) => {
  for (let shot = 0; shot < count; shot += 1) {
    const began = performance.now()
    await shoot()
    await setTimeout(Math.max(0, frameMs - (performance.now() - began)))
  }
}

const watchUntil = async (done) => {
  for (let shot = 0; shot < 80 && !(await done()); shot += 1) await watch(1)
}

await watch(6)
await press('Cut my network for 5 s')
for (let click = 0; click < 6; click += 1) {
  await press('+1')
  await watch(1)
}
await watchUntil(async () => (await hero.locator('dd').nth(2).textContent()) === '0')
await watch(5)
await press('Reload')
await watch(8)
await press('Kill the server')
await watch(3)
await press('+1')
await watchUntil(() => hero.getByText('It went on after 1 kill of its server.').isVisible())
await watch(10)

await browser.close()
await node.end()
rmSync(dir, { recursive: true, force: true })
const small = await Promise.all(frames.map((frame) => sharp(frame).resize({ width: 780 }).toBuffer()))
const { size } = await sharp(small, { join: { animated: true } })
  .webp({ quality: 60, effort: 6, loop: 0, delay: frames.map(() => frameMs) })
  .toFile(file)
console.log(`${file}: ${frames.length} frames, ${(size / 1_000).toFixed(0)} KB`)
