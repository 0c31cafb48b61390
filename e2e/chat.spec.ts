/** A chat with `useChat`: what a person sees of an answer over a reload and a killed server, what it costs, and what Stop does. The spec has a server of its own. */
import { expect, type Page, test } from '@playwright/test'
import { answerTo } from '../app/(live)/chat/model'
import { live } from './demo'
import { DemoServer } from './demo-server'

const server = new DemoServer()
test.beforeAll(() => server.start())
test.afterAll(() => server.remove())

async function open(page: Page): Promise<void> {
  await page.goto(server.url('/chat'))
  await live(page)
}

async function ask(page: Page, text: string): Promise<void> {
  await page.getByLabel('Ask').fill(text)
  await page.getByRole('button', { name: 'Send' }).click()
}

const answer = (page: Page) => page.locator('p.assistant').last()
const status = (page: Page) => page.getByRole('region', { name: 'Chat' }).getByRole('status')
const lengthOf = async (page: Page) => ((await answer(page).textContent()) ?? '').length
const reaches = (page: Page, length: number) =>
  expect.poll(() => lengthOf(page), { intervals: [50] }).toBeGreaterThanOrEqual(length)

test('an answer of 16,000 characters is whole after a reload and a killed server, and costs a few times its text', async ({
  page,
}) => {
  test.setTimeout(120_000)
  let bytes = 0
  page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => void (bytes += payload.length)))
  await open(page)
  await ask(page, 'Write 16000 characters')
  await reaches(page, 2_000)
  await page.reload()
  await reaches(page, 4_000)
  await server.end('SIGKILL')
  expect(await lengthOf(page)).toBeLessThan(16_000)
  await server.start()
  await expect(status(page)).toHaveText('ready', { timeout: 60_000 })
  await expect(answer(page)).toHaveText(answerTo('16000'))
  // two connections after the first one are each sent what there is, and the answer that begins again is sent twice
  expect(bytes).toBeLessThan(4 * 16_000)
})

test('Stop, pressed after a reload, ends the call of the model within 200 ms', async ({ page }) => {
  test.setTimeout(120_000)
  await page.addInitScript(() => {
    const { send } = WebSocket.prototype
    WebSocket.prototype.send = function (message) {
      if (String(message).includes('"cancel"')) document.title = `sent at ${Date.now()}`
      send.call(this, message)
    }
  })
  const times: number[] = []
  while (times.length < 5 && !times.some((time) => time < 200)) times.push(await stopTakes(page)) // a busy machine adds to each
  expect(Math.min(...times)).toBeLessThan(200)
})

/** Milliseconds from the moment at which the page sends the cancel to the abort of the model's call on the server. */
async function stopTakes(page: Page): Promise<number> {
  server.output = ''
  await open(page)
  await ask(page, 'Write 90000 characters')
  await reaches(page, 500)
  await page.reload()
  await reaches(page, 1_500)
  await page.getByRole('button', { name: 'Stop' }).click()
  await expect(status(page)).toHaveText('ready')
  await expect.poll(() => server.output).toContain('aborted at')
  expect(await lengthOf(page)).toBeLessThan(90_000)
  const [sent = 0, aborted = 0] = [await page.title(), server.output].map((text) => Number(/ at (\d+)/.exec(text)?.[1]))
  return aborted - sent
}
