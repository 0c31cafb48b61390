import { expect, test } from '@playwright/test'
import { demos } from '../app/demos'
import { live } from './demo'

for (const path of ['/', ...demos.map(({ href }) => href)])
  test(`${path} logs no error and no warning, and opens one socket`, async ({ page }) => {
    const complaints: string[] = []
    const sockets: string[] = []
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('websocket', (socket) => {
      if (!socket.url().includes('/_next/')) sockets.push(socket.url())
    })
    await page.goto(path)
    await live(page)
    await page.reload()
    await live(page)
    await page.waitForLoadState('networkidle')
    expect(complaints).toEqual([])
    expect(sockets, 'one for each of the two loads').toHaveLength(2)
  })

test('walking through all pages keeps the socket it has', async ({ page }) => {
  const sockets: string[] = []
  page.on('websocket', (socket) => {
    if (!socket.url().includes('/_next/')) sockets.push(socket.url())
  })
  await page.goto('/')
  await live(page)
  for (const { href } of demos) {
    await page.evaluate(goTo, href)
    await expect(page).toHaveURL(href)
    await live(page)
  }
  expect(sockets).toHaveLength(1)
})

/** A navigation of the router, as a link makes it. */
const goTo = (href: string) =>
  (globalThis as unknown as { next: { router: { push(href: string): void } } }).next.router.push(href)
