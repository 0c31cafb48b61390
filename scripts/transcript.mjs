/**
 * Types the transcript of the README, from an empty folder to a counting page, into a shell and drives the page in Chromium:
 * `npm run transcript`. Two things differ from what a person does: heldstate comes from a tarball of this repository, since what
 * is to be tried is not published, and the fonts of the template go, since they come from the internet.
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from '@playwright/test'
import { bringChromium } from './find/chromium.mjs'
import { withoutFonts } from './matrix/app.mjs'
import { driveExample } from './matrix/page.mjs'
import { pack } from './package/package.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const [, block] = /```sh\n(npx create-next-app[\s\S]*?)```/.exec(readFileSync(join(root, 'README.md'), 'utf8')) ?? []
if (!block) throw new Error('The README has no transcript that begins with "npx create-next-app".')

const place = mkdtempSync(join(tmpdir(), 'heldstate-transcript-'))
const tarball = pack(place)
const { NODE_ENV: _, PORT: __, ...inherited } = process.env
const env = { ...inherited, NEXT_TELEMETRY_DISABLED: '1', npm_config_yes: 'true' }
let folder = place

for (const line of block.trim().split('\n')) {
  console.log(`$ ${line}`)
  const command = line.replace(/^npm install heldstate$/, `npm install ${tarball}`)
  if (command.startsWith('cd ')) folder = resolve(folder, command.slice(3))
  else if (command === 'npm run dev') await drive()
  else execFileSync('sh', ['-c', command], { cwd: folder, env, stdio: ['ignore', 'inherit', 'inherit'] })
  if (command.startsWith('npx create-next-app')) {
    const layout = join(folder, 'my-app/app/layout.tsx')
    writeFileSync(layout, withoutFonts(readFileSync(layout, 'utf8')))
  }
}

async function drive() {
  const server = spawn('npm', ['run', 'dev', '--', '-p', '0', '-H', 'localhost'], { cwd: folder, env, detached: true })
  const browser = await chromium.launch({
    executablePath: bringChromium(),
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  })
  try {
    let output = ''
    const address = await new Promise((found, failed) => {
      const hear = (data) => {
        output += data
        const [, url] = /ready on (\S+)/.exec(output) ?? []
        if (url) found(url)
      }
      server.stdout.on('data', hear)
      server.stderr.on('data', hear)
      server.once('exit', () => failed(new Error(`npm run dev ended: ${output}`)))
    })
    await driveExample(await browser.newPage(), `${address}/counter`)
    console.log('the page counts, goes on over a reload, and resets')
  } finally {
    await browser.close()
    process.kill(-server.pid, 'SIGTERM')
    await once(server, 'exit')
  }
}
