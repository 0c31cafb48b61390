/**
 * What a person sees of connections that break and servers that end: every click takes effect once and in order, and the
 * page goes on by itself. The spec starts and ends a production server of its own.
 */
import { expect, type Page, test } from '@playwright/test'
import { DeliveryPage } from './delivery-page'
import { press, turbopackBuild } from './fixture'
import { builtApp, type FixtureApp } from './fixture-app'

let app: FixtureApp

test.beforeAll(async () => {
  test.setTimeout(150_000)
  app = await builtApp(turbopackBuild)
  app.lockWaitMs = 0
  await app.start()
})
test.afterEach(() => app?.thaw())
test.afterAll(() => app?.stop())

async function opened(page: Page): Promise<DeliveryPage> {
  const delivery = new DeliveryPage(page)
  await delivery.open(app)
  return delivery
}

/** Waits until the server has said something since it was started or asked last. */
async function said(text: string): Promise<void> {
  await expect.poll(() => app.output).toContain(text)
  app.output = ''
}

/** As the buttons of the browser do: Playwright's own way waits for a load, which a kept page does not have. */
const go = (page: Page, way: 'back' | 'forward') => page.evaluate((where) => history[where](), way)

test('clicks without a network take effect once and in order when it is back', async ({ page, context }) => {
  const delivery = await opened(page)
  await delivery.mark('a')
  await delivery.rests('a')
  await context.setOffline(true)
  await delivery.is('offline')
  await delivery.mark('bcdeb')
  await delivery.waits(5)
  await expect(delivery.marks).toHaveText('a')
  await context.setOffline(false)
  await delivery.rests('a b c d e b')
})

test('clicks that the server took, and whose answers the network lost, take effect once', async ({ page, context }) => {
  const delivery = await opened(page)
  await delivery.mark('a')
  await delivery.rests('a')
  app.freeze()
  await delivery.mark('bc')
  await context.setOffline(true)
  await delivery.is('offline')
  app.thaw()
  await said('mark c')
  await delivery.mark('d')
  await delivery.waits(3)
  await context.setOffline(false)
  await delivery.rests('a b c d')
})

test('an optimistic click shows while the server stands still, once when it goes on, and not if it is rejected', async ({
  page,
}) => {
  const delivery = await opened(page)
  await delivery.mark('a')
  await delivery.rests('a')
  app.freeze()
  await press(page, 'Hope')
  await press(page, 'Doubt')
  await delivery.mark('b')
  await press(page, 'Hope')
  await expect(delivery.marks).toHaveText('a hope doubt hope')
  app.thaw()
  await expect(delivery.failure).toContainText('no doubt')
  await delivery.waits(0)
  await expect(delivery.marks).toHaveText('a hope b hope')
})

test('an optimistic click without a network shows, and takes effect once when it is back', async ({
  page,
  context,
}) => {
  const delivery = await opened(page)
  await context.setOffline(true)
  await delivery.is('offline')
  await press(page, 'Hope')
  await expect(delivery.marks).toHaveText('hope')
  await context.setOffline(false)
  await delivery.rests('hope')
})

test('a server that is killed and started again has all that it had, and its pages go on', async ({ page }) => {
  const delivery = await opened(page)
  await press(page, 'Tick for long')
  await delivery.counts(3)
  await delivery.mark('a')
  await delivery.rests('a')
  await press(page, 'Mark slowly')
  await delivery.mark('b')
  await said('slowly slow')
  const before = await delivery.counted()
  await app.kill()
  await delivery.is('reconnecting')
  await delivery.mark('c')
  await delivery.waits(3)
  await app.start(app.port)
  await delivery.rests('a slow b c')
  await expect(delivery.task).toHaveText('interrupted')
  const kept = await delivery.counted()
  expect(kept).toBeGreaterThanOrEqual(before)
  await press(page, 'Tick for long')
  await expect(delivery.task).toHaveText('running')
  await delivery.counts(kept + 3)
})

test('a reload in the middle of a call leaves its effect once', async ({ page }) => {
  const delivery = await opened(page)
  await press(page, 'Mark slowly')
  await said('slowly slow')
  await page.reload()
  await delivery.mark('a')
  await delivery.rests('slow a')
  for (const letter of ['b', 'c', 'd']) {
    await Promise.all([
      page.waitForEvent('load'),
      page.getByRole('button', { name: `Mark ${letter}` }).evaluate((button: HTMLButtonElement) => {
        button.click()
        location.reload()
      }),
    ])
    await delivery.is('live')
  }
  await delivery.mark('e')
  await delivery.waits(0)
  await expect(delivery.marks).toHaveText('slow a b c d e')
})

test('a hundred clicks without a connection, a reload and a killed server are in effect once each, in order', async ({
  page,
  context,
}) => {
  let isCut = false
  await context.routeWebSocket(/_heldstate/, (line) => (isCut ? void line.close() : void line.connectToServer()))
  await context.route('**/_heldstate/**', (route) => (isCut ? route.abort() : route.continue()))
  const delivery = await opened(page)
  await delivery.mark('a')
  await delivery.rests('a')
  isCut = true
  await app.kill() // the line that stands ends, and no other one comes about
  await app.start(app.port)
  await delivery.is('reconnecting')
  const letters = 'bcde'.repeat(25).slice(0, 98)
  await page.evaluate((all) => {
    const buttons = [...document.querySelectorAll('button')]
    for (const letter of all) buttons.find(({ textContent }) => textContent === `Mark ${letter}`)?.click()
  }, letters)
  await press(page, 'Hope')
  await press(page, 'Hope')
  await delivery.waits(100)
  await page.reload()
  await expect(delivery.marks).toHaveText('hope hope')
  await delivery.waits(0) // nothing of the page before waits for an answer here
  const copy = new DeliveryPage(await context.newPage()) // as a duplicated tab has it, with a copy of what is stored
  const stored = await page.evaluate(() => JSON.stringify({ ...sessionStorage }))
  await copy.page.addInitScript((text) => {
    for (const [key, value] of Object.entries(JSON.parse(text))) sessionStorage[key] ??= value
  }, stored)
  await copy.page.goto(`${app.url}/delivery`)
  await app.kill()
  await app.start(app.port)
  isCut = false
  const all = ['a', ...letters, 'hope', 'hope'].join(' ')
  await delivery.rests(all)
  await copy.is('live')
  await page.reload()
  await delivery.rests(all)
  expect((await copy.marks.textContent())?.split(' ').filter((mark) => mark === 'hope').length ?? 0).toBeLessThan(3)
})

test('back and forward lead to the same state, live again', async ({ page }) => {
  const delivery = await opened(page)
  await delivery.mark('a')
  await delivery.rests('a')
  const token = await delivery.token()
  await page.goto(`${app.url}/delivery?later`)
  await delivery.mark('b')
  await delivery.rests('a b')
  await go(page, 'back')
  await page.waitForURL(`${app.url}/delivery`)
  await delivery.mark('c')
  await delivery.rests('a b c')
  await go(page, 'forward')
  await page.waitForURL(`${app.url}/delivery?later`)
  await delivery.mark('d')
  await delivery.rests('a b c d')
  expect(await delivery.token()).toBe(token)
})

test('a page that the browser kept while it was left catches up', async ({ page }) => {
  await page.addInitScript(() =>
    addEventListener('pageshow', ({ persisted }) => (document.title = `kept: ${persisted}`)),
  )
  const delivery = await opened(page)
  await press(page, 'Tick 40 times')
  await delivery.mark('a')
  await delivery.rests('a')
  await page.goto(`${app.url}/api/evaluations`)
  await said('ticked to the end')
  await go(page, 'back')
  await expect(page).toHaveTitle('kept: true')
  await expect(delivery.ticks).toHaveText('40')
  await expect(delivery.ticked).toHaveText('40')
  await delivery.mark('b')
  await delivery.rests('a b')
})

test('a page that stands still catches up, also with a server that was started meanwhile', async ({ page }) => {
  const delivery = await opened(page)
  await press(page, 'Tick 40 times')
  await delivery.mark('a')
  await delivery.rests('a')
  await delivery.standsStill(() => said('ticked to the end'))
  await expect(delivery.ticks).toHaveText('40')
  await expect(delivery.ticked).toHaveText('40')
  await delivery.standsStill(async () => {
    await app.kill()
    await app.start(app.port)
  })
  await delivery.mark('b')
  await delivery.rests('a b')
  await expect(delivery.ticks).toHaveText('40')
})

test('a hidden page does not look for its server, and one that is shown again does so at once', async ({ page }) => {
  const delivery = await opened(page)
  await delivery.mark('a')
  await delivery.rests('a')
  await delivery.becomes('hidden')
  await app.kill()
  await delivery.is('reconnecting')
  await delivery.mark('b')
  let attempts = 0
  page.on('websocket', () => (attempts += 1))
  page.on('request', (request) => (attempts += request.url().includes('/_heldstate') ? 1 : 0))
  await app.start(app.port)
  await page.waitForTimeout(2_000) // in which a page that is looked at would have come back
  expect(attempts).toBe(0)
  await delivery.becomes('visible')
  await delivery.rests('a b')
})

test('a server that stands still for seconds is caught up with, and nothing happens twice', async ({ page }) => {
  const delivery = await opened(page)
  await press(page, 'Tick for long')
  await delivery.counts(3)
  app.freeze()
  const before = await delivery.counted()
  await delivery.mark('abc')
  await delivery.waits(3)
  await page.waitForTimeout(3_000) // what the server misses is time itself
  await delivery.mark('d')
  await delivery.waits(4)
  app.thaw()
  await delivery.rests('a b c d')
  await delivery.counts(before + 3)
})

test('a duplicated tab begins with a copy and goes its own way, also after the server was started again', async ({
  page,
}) => {
  const delivery = await opened(page)
  await delivery.mark('a')
  await delivery.rests('a')
  const popup = page.waitForEvent('popup')
  await page.evaluate(() => void window.open(location.href))
  const duplicate = new DeliveryPage(await popup)
  await duplicate.rests('a')
  await duplicate.mark('b')
  await duplicate.rests('a b')
  await app.kill()
  await Promise.all([delivery.is('reconnecting'), duplicate.is('reconnecting')])
  await delivery.mark('c')
  await duplicate.mark('d')
  await app.start(app.port)
  await Promise.all([delivery.rests('a c'), duplicate.rests('a b d')])
  expect(await delivery.token()).not.toBe(await duplicate.token())
})
