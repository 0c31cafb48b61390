/** The running recipes: what their check boxes say, over a reload, a lost network and a killed server. The spec has a server of its own. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, type Page, test } from '@playwright/test'
import { live } from './demo'
import { DemoServer } from './demo-server'

const folder = mkdtempSync(join(tmpdir(), 'heldstate-examples-'))
const server = new DemoServer({ IMPORTS: join(folder, 'imports'), ORDERS: join(folder, 'orders') })

/** The network between the pages and the server, which can be cut. */
const lines = new Set<Socket>()
let isCut = false
const network = createServer((line) => {
  if (isCut) return line.destroy()
  const onward = connect(Number(new URL(server.url('/')).port), 'localhost')
  lines.add(line.on('close', () => lines.delete(line) && onward.destroy()).on('error', () => {}))
  onward.on('close', () => line.destroy()).on('error', () => {})
  line.pipe(onward).pipe(line)
})
const url = (path: string) => `http://localhost:${(network.address() as AddressInfo).port}${path}`

function cut(): void {
  isCut = true
  for (const line of lines) line.destroy()
}

test.beforeAll(async () => {
  await server.start()
  await new Promise<void>((resolve) => network.listen(0, resolve))
})
test.afterAll(async () => {
  cut()
  network.close()
  await server.remove()
  rmSync(folder, { recursive: true })
})

async function open(page: Page, path: string): Promise<void> {
  await page.goto(url(path))
  await live(page)
}

/** On a narrow screen nothing scrolls sideways, each field has a label, and nothing is wrong yet. */
async function openOnPhone(page: Page, path: string): Promise<void> {
  await page.setViewportSize({ width: 360, height: 740 })
  await open(page, path)
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360)
  for (const input of await page.locator('main input').all())
    expect(await input.evaluate((it: HTMLInputElement) => it.labels?.length)).toBe(1)
  await expect(page.getByRole('alert').filter({ hasText: /\S/ })).toHaveCount(0)
}

/** Uploads of the page take seconds, until it is restored. */
async function slowDown(page: Page, uploadThroughput: number): Promise<() => Promise<void>> {
  const tools = await page.context().newCDPSession(page)
  await tools.send('Network.enable')
  const slow = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput }
  await tools.send('Network.emulateNetworkConditions', slow)
  return () => tools.detach()
}

/** The part of a page in which its example runs, and what is in it. */
const inPage = {
  import: (page: Page) => {
    const example = page.getByRole('region', { name: 'CSV import' })
    return { example, line: example.getByText(/^line \d+ of 400/), sample: example.getByText('Import a sample') }
  },
  payment: (page: Page) => {
    const example = page.getByRole('region', { name: 'Payment webhook' })
    return { example, status: example.getByRole('status') }
  },
  dashboard: (page: Page) => {
    const example = page.getByRole('region', { name: 'Table of 10,000 rows' })
    const changes = async () => Number(await example.getByRole('progressbar').getAttribute('value'))
    return { example, changes, first: example.getByRole('rowheader').first() }
  },
  steps: (page: Page) => {
    const example = page.getByRole('region', { name: 'Multi-step form' })
    const button = (name: string) => example.getByRole('button', { name })
    return { example, button, name: example.getByLabel('Name'), mail: example.getByLabel('E-mail') }
  },
  upload: (page: Page) => {
    const example = page.getByRole('region', { name: 'Upload' })
    const received = async () => Number(await example.getByRole('progressbar').getAttribute('value'))
    return { example, received, sample: example.getByText('Send a sample') }
  },
}

test('/examples leads to each example', async ({ page }) => {
  await openOnPhone(page, '/examples')
  const links = await page.locator('main a').evaluateAll((all) => all.map((link) => link.getAttribute('href') ?? ''))
  expect(links.length).toBeGreaterThan(8)
  for (const link of links) expect((await page.request.get(url(link))).status(), link).toBe(200)
})

test('all go on over a reload, a lost network and a killed server, and their boxes say so', async ({ context }) => {
  test.setTimeout(120_000)
  const tab = async (path: string) => {
    const page = await context.newPage()
    await open(page, path)
    return page
  }
  const steps = await tab('/examples/steps')
  await inPage.steps(steps).name.fill('Ann')
  await inPage.steps(steps).mail.fill('ann@example.org')
  await inPage.steps(steps).button('Next').click()
  await expect(inPage.steps(steps).example.getByLabel('Large')).toBeVisible()

  const payment = await tab('/examples/payment')
  await inPage.payment(payment).example.getByRole('button', { name: 'Order for' }).click()
  await expect(inPage.payment(payment).status).toHaveText('Waiting for the payment.')

  const upload = await tab('/examples/upload')
  const { received } = inPage.upload(upload)
  const restore = await slowDown(upload, 600_000)
  await inPage.upload(upload).sample.click()
  await expect.poll(received).toBeGreaterThan(1_000_000)

  const dashboard = await tab('/examples/dashboard')
  await inPage.dashboard(dashboard).example.getByRole('button', { name: 'Next page' }).click()
  await expect(inPage.dashboard(dashboard).first).toHaveText('20')
  await inPage.dashboard(dashboard).example.getByRole('button', { name: 'Change 200 rows' }).click()
  await expect.poll(inPage.dashboard(dashboard).changes).toBeGreaterThan(1)

  const importing = await tab('/examples/import')
  await inPage.import(importing).sample.click()
  await expect(inPage.import(importing).line).toBeVisible()

  const pages = [importing, dashboard, steps, payment, upload]
  const expectTried = async (what: RegExp) => {
    for (const page of pages) await expect(page.getByRole('checkbox', { name: what }), page.url()).toBeChecked()
  }
  await Promise.all(pages.map((page) => page.reload()))
  await expectTried(/reload/i)
  await expect(inPage.upload(upload).example.getByText('sample.bin broke off')).toBeVisible()
  await restore()

  cut()
  for (const page of pages) await expect(page.getByText('This page waits for the server.'), page.url()).toBeVisible()
  isCut = false
  await expectTried(/go offline/i)
  for (const page of pages) await expect(page.getByRole('checkbox', { name: /kill/i })).not.toBeChecked()

  const { example } = inPage.import(importing)
  const cancel = example.getByRole('button', { name: 'Cancel' }) // on a slow machine the import would be done before the kill
  await cancel.click({ timeout: 1000 }).catch(() => {}) // it is done already
  await expect(example.getByText(/^(cancelled|done): /)).toBeVisible()
  const filesBefore = readdirSync(join(folder, 'imports'))
  await inPage.import(importing).sample.click()
  await expect(inPage.import(importing).line).toBeVisible()
  await inPage.dashboard(dashboard).example.getByRole('button', { name: 'Stop' }).click()
  await inPage.dashboard(dashboard).example.getByRole('button', { name: 'Change 200 rows' }).click()
  await expect.poll(inPage.dashboard(dashboard).changes).toBeLessThan(20)
  const before = await inPage.dashboard(dashboard).changes()
  await server.end('SIGKILL')
  await server.start()
  await expectTried(/kill/i)
  expect(await received()).toBeGreaterThan(1_000_000)
  await expect.poll(inPage.dashboard(dashboard).changes).toBeGreaterThan(before + 5)
  await expect(inPage.dashboard(dashboard).first).toHaveText('20')
  await expect(inPage.payment(payment).status).toHaveText('Waiting for the payment.')
  await expect(inPage.steps(steps).example.getByLabel('Large')).toBeVisible()
  await inPage.steps(steps).button('Back').click()
  await expect(inPage.steps(steps).name).toHaveValue('Ann')
  await expect(example.getByRole('status')).toHaveText('The import is done. 10 lines were refused.')
  await expect(example.getByText('done: 390 imported, 10 refused')).toBeVisible()
  await expect(example.getByRole('listitem')).toHaveCount(10)
  expect(readdirSync(join(folder, 'imports')), 'its file is removed').toEqual(filesBefore)
})

test('an import refuses what is no CSV file, and can be cancelled', async ({ page }) => {
  await openOnPhone(page, '/examples/import')
  const { example, line, sample } = inPage.import(page)
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
  await sample.click()
  await expect(line).toBeVisible()
  await expect(example.getByRole('alert')).toHaveCount(0)
  await example.getByRole('button', { name: 'Cancel' }).click()
  await expect(example.getByText(/^cancelled: \d+ imported/)).toBeVisible()
})

test('a payment turns the page green once, and a wrong signature does nothing', async ({ page, context }) => {
  await openOnPhone(page, '/examples/payment')
  const { example, status } = inPage.payment(page)
  await example.getByRole('button', { name: 'Order for' }).click()
  const phone = await context.newPage()
  await phone.goto(url((await example.getByRole('link').getAttribute('href')) ?? ''))
  await phone.getByRole('button', { name: 'Send a webhook with a wrong signature' }).click()
  await expect(phone.getByText('401 The signature is wrong.')).toBeVisible()
  await expect(status).toHaveText('Waiting for the payment.')
  await phone.getByRole('button', { name: 'Pay' }).click()
  await expect(phone.getByText('200 The order is paid.')).toBeVisible()
  await expect(status).toHaveText('Paid: € 12.00. Thank you.')
  await phone.getByRole('button', { name: 'Pay' }).click()
  await expect(phone.getByText('200 The order was paid already.')).toBeVisible()
  await expect(status).toContainText('The webhook came again, which changed nothing: 1.')
  await phone.goto(url('/examples/payment/pay/nothing'))
  await phone.getByRole('button', { name: 'Pay' }).click()
  await expect(phone.getByText('404 There is no such order.')).toBeVisible()
})

test('a table shows twenty of 10,000 rows, at some bytes a change', async ({ page }) => {
  const frames: number[] = []
  page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => void frames.push(payload.length)))
  await openOnPhone(page, '/examples/dashboard')
  const { example, changes, first } = inPage.dashboard(page)
  await expect(example.getByRole('row')).toHaveCount(21)
  await example.getByRole('button', { name: 'Amount' }).click()
  const amount = example.getByRole('columnheader', { name: 'Amount' })
  await expect(amount).toHaveAttribute('aria-sort', 'ascending')
  await expect(example.getByRole('cell').nth(1)).toHaveText('0.00')
  await example.getByRole('button', { name: 'Order' }).click()
  await expect(first).toHaveText('0')
  const amounts = () => example.getByRole('cell').allTextContents()
  const before = await amounts()
  const seen = frames.length
  await example.getByRole('button', { name: 'Change 200 rows' }).click()
  await expect.poll(changes).toBeGreaterThan(10)
  const sent = frames.slice(seen)
  expect(sent.reduce((sum, each) => sum + each, 0) / sent.length, 'bytes of a message').toBeLessThan(150)
  expect(await amounts()).not.toEqual(before)
  await expect(example.getByText(/^\d+ bytes$/).first()).toBeVisible()
})

test('a form of steps has its messages at the fields, and goes back', async ({ page }) => {
  await openOnPhone(page, '/examples/steps')
  const { example, button, name, mail } = inPage.steps(page)
  await button('Next').click()
  await expect(name).toBeFocused()
  await expect(name).toHaveAccessibleDescription('Say your name.')
  await name.fill('Ann')
  await mail.fill('nowhere')
  await button('Next').click()
  await expect(mail).toHaveAccessibleDescription('This is no e-mail address.')
  await expect(name).toHaveValue('Ann')
  await mail.fill('ann@example.org')
  await expect(mail).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(example.getByRole('heading', { name: 'Step 2 of 3: plan' })).toBeFocused()
  await button('Next').click()
  await expect(example.getByText('Choose a plan.')).toBeVisible()
  await example.getByLabel('Large').check()
  await button('Next').click()
  await expect(example.getByText('ann@example.org')).toBeVisible()
  await button('Back').click()
  await expect(example.getByLabel('Large')).toBeChecked()
  await button('Back').click()
  await expect(name).toHaveValue('Ann')
  await button('Next').click()
  await button('Next').click()
  await button('Sign up').click()
  await expect(example.getByText('Welcome, Ann.')).toBeVisible()
})

test('an upload refuses what is too large or empty, and says what a broken one has left', async ({ page }) => {
  await openOnPhone(page, '/examples/upload')
  const { example, received, sample } = inPage.upload(page)
  const choose = (buffer: Buffer) =>
    example.getByLabel('File').setInputFiles({ name: 'a.bin', mimeType: 'application/octet-stream', buffer })
  await choose(Buffer.alloc(0))
  await expect(example.getByRole('alert')).toHaveText('a.bin is empty. Choose a file that has something in it.')
  const tooLarge = { method: 'POST', headers: { 'content-length': '100000001' } }
  expect((await page.request.fetch(url('/api/upload'), tooLarge)).status()).toBe(413)
  await choose(Buffer.from('hello'))
  await expect(example.getByText('a.bin is here: 5 bytes.')).toBeVisible()
  await expect(example.getByText('2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824')).toBeVisible()

  const restore = await slowDown(page, 5_000_000)
  await sample.click()
  await expect.poll(received).toBeGreaterThan(1_000_000)
  await example.getByRole('button', { name: 'Cancel' }).click()
  await expect(example.getByText('sample.bin broke off: the server has seen a part of it.')).toBeVisible()
  await restore()
  await sample.click()
  await expect(example.getByText('sample.bin is here: 30,000,000 bytes.')).toBeVisible()
})
