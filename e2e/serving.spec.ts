/** What the terminal and the page say when an app cannot be served as it is. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { stripVTControlCharacters } from 'node:util'
import { expect, type Page, test } from '@playwright/test'
import { consoleOf, shown } from './fixture'
import { FixtureApp } from './fixture-app'

let app: FixtureApp

test.beforeAll(() => {
  app = new FixtureApp({ bundler: 'turbopack', mode: 'development' }, 'serving')
})

test.afterEach(async () => {
  await app.stop()
  app.restore()
})

test('a port in use is one sentence and an exit with 1', async () => {
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const { port } = other.address() as AddressInfo
  await expect(app.start(port)).rejects.toThrow('The server ended with 1')
  expect(app.output).toBe(
    `heldstate: Port ${port} is in use. Stop the other process, or use another port: PORT=${port + 1}, or "-p ${port + 1}" with heldstate dev and heldstate start.\n`,
  )
  other.close()
})

test('a missing route is named in the terminal and in the page', async ({ page }) => {
  app.remove('app/api/heldstate/route.ts')
  await app.start()
  await says(page, 'the app has no route for them. Create app/api/heldstate/route.ts with: export { GET }')
})

test('a proxy that redirects the route is named in the terminal and in the page', async ({ page }) => {
  app.write('proxy.ts', proxy)
  await app.start()
  await says(page, 'something redirects /api/heldstate to /login. Exclude the path in the matcher of your proxy.ts')
})

test('a config without the plugin is named in the terminal and in the page, with the line of a state', async ({
  page,
}) => {
  unwrap(app)
  await app.start()
  await page.goto(`${app.url}/plain`)
  const overlay = page.locator('nextjs-portal').getByRole('dialog')
  for (const sentence of ['State "plain" is in a browser bundle', 'wrap next.config', 'plain.state.ts']) {
    await expect(overlay).toContainText(sentence)
    await expect.poll(() => app.output).toContain(sentence)
  }
  await expect.poll(() => app.output).toMatch(/> 2 \| export const plain = defineState/)
})

test('a build without the plugin fails, and says what is missing', async () => {
  test.setTimeout(120_000)
  const bare = new FixtureApp({ bundler: 'turbopack', mode: 'production' }, 'unwrapped')
  const kept = ['app/layout.tsx', 'app/api/heldstate/route.ts'].map((name) => [name, bare.read(name)] as const)
  bare.remove('app')
  for (const [name, text] of kept) bare.write(name, text)
  unwrap(bare)
  const said = await bare.build().catch(({ stderr }: { stderr: string }) => stripVTControlCharacters(stderr))
  expect(said).toContain('Wrap the config in next.config: export default withHeldState')
  expect(said).toContain("code: 'missing-plugin'")
})

/** Takes the plugin away, and adds a page whose state a bundler then takes for code of the page. */
function unwrap(fixture: FixtureApp): void {
  fixture.edit('next.config.mjs', (text) => text.replace('export default withHeldState(', 'export default ('))
  fixture.write('app/plain/plain.state.ts', plainState)
  fixture.write('app/plain/plain.tsx', plainComponent)
  fixture.write('app/plain/page.tsx', `export { Plain as default } from './plain'`)
}

const plainState = `import { defineState } from 'heldstate'
export const plain = defineState('plain', () => ({ n: 1 }))
`
const plainComponent = `'use client'
import { useServerState } from 'heldstate/react'
import { plain } from './plain.state'
export const Plain = () => <p>plain {useServerState(plain).n}</p>
`

const proxy = `
  import { type NextRequest, NextResponse } from 'next/server'
  export const proxy = (request: NextRequest) => NextResponse.redirect(new URL('/login', request.url))
  export const config = { matcher: ['/api/:path*'] }
`

async function says(page: Page, sentence: string): Promise<void> {
  const console = consoleOf(page)
  await page.goto(`${app.url}/`)
  await expect(shown(page)).toContainText('shown-default')
  await expect.poll(() => app.output).toContain(sentence)
  await expect.poll(() => console.join('\n')).toContain(sentence)
}
