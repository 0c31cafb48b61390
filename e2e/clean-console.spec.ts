import { expect, test } from '@playwright/test'
import { live } from './demo'

for (const path of ['/', '/background-tasks', '/low-level', '/job', '/chat', '/form'])
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
  for (const name of ['Background tasks', 'Low level', 'Long job', 'Chat', 'Form']) {
    await page.getByRole('navigation').getByRole('link', { name }).click()
    await expect(page.getByRole('heading', { level: 1, name })).toBeVisible()
    await live(page)
  }
  expect(sockets).toHaveLength(1)
})
