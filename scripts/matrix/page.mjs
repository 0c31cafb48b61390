/** What the example of `heldstate init` must do on its page. */
import { expect } from '@playwright/test'

const patient = { timeout: 60_000 } // development compiles first

export async function driveExample(page, url) {
  const faults = []
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => {
    const icon = message.location().url.endsWith('/favicon.ico') // the app has none
    if (message.type() === 'error' && !icon) faults.push(message.text())
  })
  let sockets = 0
  page.on('websocket', (socket) => {
    if (new URL(socket.url()).pathname.startsWith('/_heldstate')) sockets += 1
  })
  await page.goto(url, patient)
  await expect(page.getByRole('heading')).toHaveText('0 / 100', patient)
  await page.getByRole('button', { name: 'Start' }).click()
  await expect(page.getByRole('button', { name: 'Stop' })).toBeVisible(patient)
  await expect(page.getByRole('heading')).toHaveText(/^[3-9] \/ 100$/)
  await watchHeadings(page)
  await page.reload(patient)
  await expect(page.getByRole('heading')).toHaveText(/^([6-9]|\d\d) \/ 100$/) // it went on
  const headings = await page.evaluate(() => window.shownHeadings)
  expect(headings.filter((text) => !/^([3-9]|\d\d) \/ 100$/.test(text))).toEqual([]) // its first values were never shown
  await page.getByRole('button', { name: 'Stop' }).click()
  await expect(page.getByRole('button', { name: 'Start' })).toBeVisible()
  await page.getByRole('button', { name: 'Reset' }).click()
  await expect(page.getByRole('heading')).toHaveText('0 / 100')
  expect(sockets).toBe(2) // one for each load
  expect(faults).toEqual([])
}

/** Has later documents of the page note all that their heading shows. */
async function watchHeadings(page) {
  await page.addInitScript(() => {
    const texts = []
    window.shownHeadings = texts
    const note = () => {
      const text = document.querySelector('h1')?.textContent
      if (text && texts.at(-1) !== text) texts.push(text)
    }
    new MutationObserver(note).observe(document, { subtree: true, childList: true, characterData: true })
  })
}
