/** The page that anybody may hurt: its process is killed in truth, and the tally of clicks stays what it must be. */
import { expect, type Page, test } from '@playwright/test'
import { live, numberIn, reaches } from './demo'
import { DemoServer } from './demo-server'

const supervisor = 'scripts/demo/demo.mjs'
const server = new DemoServer({ DEMO_REST_MS: '3000' }, supervisor)

test.beforeAll(() => server.start())
test.afterAll(() => server.remove())

const figure = (page: Page, name: string) =>
  page
    .locator('dl > div')
    .filter({ has: page.getByText(name, { exact: true }) })
    .getByRole('definition')
const pidOf = async (page: Page) => Number(await page.locator('#server ~ p strong').textContent())
const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click()

async function open(page: Page, on = server): Promise<void> {
  await page.goto(on.url('/torture'))
  await live(page)
  await expect.poll(() => pidOf(page)).toBeGreaterThan(0)
}

async function settled(page: Page, made: number): Promise<void> {
  await expect(figure(page, 'clicked')).toHaveText(`${made}`)
  await expect(figure(page, 'in the state')).toHaveText(`${made}`)
  for (const name of ['on the way', 'lost', 'twice']) await expect(figure(page, name)).toHaveText('0')
}

test('Kill kills the process that serves the page; clicks, jobs and a visitor who did nothing keep what they had', async ({
  page,
  context,
}) => {
  await open(page)
  const other = await context.newPage()
  await open(other)
  await other.getByRole('button', { name: '+1' }).click()
  await settled(other, 1)

  for (let made = 0; made < 3; made += 1) await press(page, '+1')
  await settled(page, 3)
  const log = page.getByRole('region', { name: 'What happened' }).getByRole('listitem')
  await expect(log).toHaveText([/ \+1, 3 times: clicks 1 to 3\.$/])
  await press(page, 'Start both')
  const durable = page.getByRole('progressbar', { name: /^durable/ })
  await expect.poll(async () => Number(await durable.getAttribute('value'))).toBeGreaterThan(1)
  const before = await pidOf(page)
  const kill = page.getByRole('button', { name: /^Kill it/ })
  await expect(kill).not.toHaveAttribute('aria-disabled', 'true')
  await kill.evaluate((button: HTMLButtonElement) => {
    for (let times = 0; times < 10; times += 1) button.click()
  })
  await press(page, '+1')
  await expect.poll(() => pidOf(page)).not.toBe(before)
  expect(() => process.kill(before, 0)).toThrow() // it is gone
  await settled(page, 4)
  await expect(page.getByText('survived 1 kill · attempt 2')).toBeVisible()
  await expect(page.getByText(/The server stopped\. It got to \d+\./)).toBeVisible()
  await expect(other.getByText('Somebody else hurt your server.').first()).toBeVisible()
  await settled(other, 1)
  await expect(page.getByText(/^\S+ This process may be hurt again in 3 seconds\.$/)).toHaveCount(1)
  await expect(page.getByText('☠ You killed process')).toHaveCount(1)
  await press(page, 'Click 5 times and reload')
  await settled(page, 9)

  await press(page, 'Lose the next 5 answers')
  await press(page, '+1')
  await press(page, 'Cut for 3 s')
  await press(page, '+1')
  await expect(figure(page, 'on the way')).not.toHaveText('0')
  await expect(page.getByRole('button', { name: /^Cut, back in [123] s$/, disabled: true })).toBeVisible()
  await expect(page.getByRole('button', { name: 'Cut for 3 s' })).toBeVisible()
  await settled(page, 11)
  for (const line of ['Started both jobs.', 'Clicked 5 times and reloaded.', '+1: click 10.', '+1: click 11.'])
    await expect(log.filter({ hasText: line })).toHaveCount(1)
  await press(page, '400 ms slower')
  await expect(page.getByRole('button', { name: '400 ms slower', pressed: true })).toBeVisible()
})

test('the home page counts by itself, over a cut, a reload and a kill, and shows what its wire carries', async ({
  page,
}) => {
  await page.goto(server.url('/'))
  await live(page)
  const hero = page.getByRole('region', { name: 'Try it: a counter on the server' })
  const count = hero.getByText(/^\d+ \/ 300$/)
  await reaches(count, 3)
  await hero.getByRole('button', { name: 'Cut my network for 5 s' }).click()
  await hero.getByRole('button', { name: '+1' }).click({ clickCount: 3 })
  await expect(figure(page, 'on the way')).toHaveText('3')
  await settled(page, 3)
  await expect(hero.getByText(/^While your network was cut, the server counted from \d+ to \d+\./)).toBeVisible()
  await expect(hero.getByText(/↓ \d+ B patch/).first()).toBeVisible()
  const before = await numberIn(count)
  await hero.getByRole('button', { name: 'Reload' }).click()
  await live(page)
  await reaches(count, before + 2)
  const kill = hero.getByRole('button', { name: 'Kill the server', exact: true })
  await expect(kill).not.toHaveAttribute('aria-disabled', 'true')
  await kill.click()
  await hero.getByRole('button', { name: '+1' }).click()
  await expect(hero.getByText('It survived 1 kill of its server.')).toBeVisible()
  await settled(page, 4)
})

test('all of it for 60 seconds: nothing is lost, and nothing happens twice', async ({ page }) => {
  test.skip(!process.env.LONG, 'takes 75 seconds: npm run site')
  test.setTimeout(150_000)
  await open(page)
  await press(page, 'Do all of it for 60 seconds')
  const report = page.getByRole('status').filter({ hasText: /^\d+ clicks, / })
  await expect(report).toHaveText(/^\d+ clicks, 2 kills, 2 cuts, 2 reloads: 0 lost, 0 twice\.$/, { timeout: 100_000 })
  const made = Number(await figure(page, 'clicked').textContent())
  expect(made).toBeGreaterThan(300)
  await settled(page, made)
})

test('of three processes, one is killed: its visitors go on at another, and those of the others notice nothing', async ({
  browser,
}) => {
  test.skip(!process.env.LONG, 'starts three servers and a redis: npm run site')
  test.setTimeout(180_000)
  const three = new DemoServer({ DEMO_REST_MS: '3000' }, supervisor, '--nodes', '3')
  await three.start()
  try {
    // visitors come until two share a process, and one has another
    const visitors: { readonly page: Page; readonly pid: number }[] = []
    const sharing = () => visitors.find(({ pid }) => visitors.filter((other) => other.pid === pid).length > 1)?.pid
    for (let count = 0; count < 12; count += 1) {
      const shared = sharing()
      if (shared && visitors.some(({ pid }) => pid !== shared)) break
      const page = await (await browser.newContext()).newPage()
      await open(page, three)
      for (let made = 0; made < 3; made += 1) await press(page, '+1')
      await settled(page, 3)
      visitors.push({ page, pid: await pidOf(page) })
    }
    const [killer, neighbour] = visitors.filter(({ pid }) => pid === sharing())
    const far = visitors.find(({ pid }) => pid !== sharing())
    if (!killer || !neighbour || !far) throw new Error('no two visitors share a process, or all of them do')
    const kill = killer.page.getByRole('button', { name: /^Kill it/ })
    await expect(kill).not.toHaveAttribute('aria-disabled', 'true')
    await kill.click()
    for (const { page } of [killer, neighbour, far]) await press(page, '+1')
    await expect.poll(() => pidOf(killer.page)).not.toBe(killer.pid)
    expect(() => process.kill(killer.pid, 0)).toThrow()
    for (const { page } of [killer, neighbour, far]) await settled(page, 4)
    await expect(neighbour.page.getByText('Somebody else hurt your server.').first()).toBeVisible()
    expect(await pidOf(far.page)).toBe(far.pid)
    await expect(far.page.getByText('Somebody else hurt your server.')).toHaveCount(0)
  } finally {
    await three.remove()
  }
})
