/** The running recipes: what their check boxes say, over a reload, a lost network and a killed server. The spec has a server of its own. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, type Page, test } from '@playwright/test'
import { live } from './demo'
import { DemoServer } from './demo-server'

const folder = mkdtempSync(join(tmpdir(), 'heldstate-examples-'))
const server = new DemoServer({ IMPORTS: join(folder, 'imports'), ORDERS: join(folder, 'orders') })

test.beforeAll(() => server.start())
test.afterAll(async () => {
  await server.remove()
  rmSync(folder, { recursive: true })
})

async function open(page: Page, path: string): Promise<void> {
  await page.goto(server.url(path))
  await live(page)
}

const tried = (page: Page, what: RegExp) => page.getByRole('checkbox', { name: what })

async function killAndStart(): Promise<void> {
  await server.end('SIGKILL')
  await server.start()
}

async function loseTheNetwork(page: Page): Promise<void> {
  await page.context().setOffline(true)
  await expect(page.getByText('This page waits for the server.')).toBeVisible()
  await page.context().setOffline(false)
}

test('/examples leads to each example, and each fits a phone', async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 740 })
  await open(page, '/examples')
  const links = await page.locator('main a').evaluateAll((all) => all.map((link) => link.getAttribute('href') ?? ''))
  expect(links.length).toBeGreaterThan(6)
  for (const link of links) {
    expect((await page.request.get(server.url(link))).status(), link).toBe(200)
    if (!link.startsWith('/examples/')) continue
    await open(page, link)
    expect(await page.evaluate(() => document.documentElement.scrollWidth), link).toBe(360)
    for (const input of await page.locator('main input:not([type=hidden])').all())
      expect(await input.evaluate((it: HTMLInputElement) => it.labels?.length), link).toBe(1)
    await expect(page.getByRole('alert').filter({ hasText: /\S/ })).toHaveCount(0)
  }
})

test('an import refuses what is no CSV file, and goes on over a reload, a lost network and a killed server', async ({
  page,
}) => {
  await open(page, '/examples/import')
  const example = page.getByRole('region', { name: 'CSV import' })
  const choose = (text: string | Buffer) =>
    example.getByLabel('CSV file').setInputFiles({ name: 'a.csv', mimeType: 'text/csv', buffer: Buffer.from(text) })
  for (const [text, says] of [
    ['', 'The file is empty.'],
    ['Just words.', 'This is no CSV file'],
    [Buffer.from([0x89, 0x50, 0x4e, 0x47]), 'This is no text file.'],
    ['a,b\n'.repeat(250_001), 'The file is too large: 1 MB at most.'],
  ] as const) {
    await choose(text)
    await expect(example.getByRole('alert')).toContainText(says)
  }
  await example.getByRole('button', { name: 'Import a sample' }).click()
  await expect(example.getByText(/^line \d+ of 400/)).toBeVisible()
  await expect(example.getByRole('alert')).toHaveCount(0)
  await page.reload()
  await expect(tried(page, /^Reload/)).toBeChecked()
  await expect(tried(page, /^Kill/)).not.toBeChecked()
  await loseTheNetwork(page)
  await expect(tried(page, /^Go offline/)).toBeChecked()
  await expect(tried(page, /^Kill/)).not.toBeChecked()
  await killAndStart()
  await expect(tried(page, /^Kill/)).toBeChecked()
  await expect(example.getByRole('status')).toHaveText('The import is done. 10 lines were refused.')
  await expect(example.getByText('done: 390 imported, 10 refused')).toBeVisible()
  await expect(example.getByRole('listitem')).toHaveCount(10)
  expect(readdirSync(join(folder, 'imports')), 'its file is removed').toEqual([])

  await example.getByRole('button', { name: 'Import a sample' }).click()
  await expect(example.getByText(/^line \d+ of 400/)).toBeVisible()
  await example.getByRole('button', { name: 'Cancel' }).click()
  await expect(example.getByText(/^cancelled: \d+ imported/)).toBeVisible()
})

test('a payment turns the page green once, over a reload and a killed server', async ({ page, context }) => {
  await open(page, '/examples/payment')
  const example = page.getByRole('region', { name: 'Payment webhook' })
  await example.getByRole('button', { name: 'Order for' }).click()
  await expect(example.getByRole('status')).toHaveText('Waiting for the payment.')
  await page.reload()
  await expect(tried(page, /^Reload/)).toBeChecked()
  await killAndStart()
  await expect(tried(page, /kill/)).toBeChecked()
  await loseTheNetwork(page)
  await expect(tried(page, /^Go offline/)).toBeChecked()

  const phone = await context.newPage()
  await phone.goto(server.url((await example.getByRole('link').getAttribute('href')) ?? ''))
  await phone.getByRole('button', { name: 'Send a webhook with a wrong signature' }).click()
  await expect(phone.getByText('401 The signature is wrong.')).toBeVisible()
  await expect(example.getByRole('status')).toHaveText('Waiting for the payment.')
  await phone.getByRole('button', { name: 'Pay' }).click()
  await expect(phone.getByText('200 The order is paid.')).toBeVisible()
  await expect(example.getByRole('status')).toHaveText('Paid: € 12.00. Thank you.')
  await phone.getByRole('button', { name: 'Pay' }).click()
  await expect(phone.getByText('200 The order was paid already.')).toBeVisible()
  await expect(example.getByRole('status')).toContainText('The webhook came again, which changed nothing: 1.')

  await phone.goto(server.url('/examples/payment/pay/nothing'))
  await phone.getByRole('button', { name: 'Pay' }).click()
  await expect(phone.getByText('404 There is no such order.')).toBeVisible()
})
