/** What the demo says after its server was killed: what goes on says so, and nothing shows as running that does not. The spec has a server of its own. */
import { expect, type Locator, type Page, test } from '@playwright/test'
import { counterOf, idioms, live, numberIn, reaches } from './demo'
import { DemoServer } from './demo-server'

const server = new DemoServer({ SLOW_SERVICE_MS: '4000' })

test.beforeAll(() => server.start())
test.afterAll(() => server.remove())

async function open(page: Page, path: string): Promise<void> {
  await page.goto(server.url(path))
  await live(page)
}

test('a killed server goes on with what it did, and each page says so', async ({ page, context }) => {
  test.setTimeout(120_000)
  await open(page, '/background-tasks')
  const counters = idioms.map((idiom) => counterOf(page, idiom))
  for (const counter of counters) {
    await counter.max.fill('1000')
    await counter.start.click()
    await expect(counter.section).toContainText(`attempt 1 · process ${server.pid}`)
  }
  const meanwhile = page.getByRole('region', { name: 'Meanwhile' })
  await meanwhile.getByRole('button', { name: 'Start 50 counters' }).click()
  await expect(meanwhile.getByText('running:')).toHaveText('running: 50')

  const job = await context.newPage()
  await open(job, '/job')
  await job.getByRole('button', { name: 'Start job' }).click()
  await expect(job.getByText(/^row \d+ of 40$/)).toBeVisible()

  const before = await numberIn((counters[0] as ReturnType<typeof counterOf>).count)
  const weather = await context.newPage()
  await open(weather, '/low-level')
  const steps = await stepsOf(meanwhile)
  await weather.getByRole('button', { name: 'Fetch data' }).click()
  await weather.getByText('Loading…').waitFor()
  await server.end('SIGKILL') // at once: the service takes four seconds
  await expect(page.getByRole('banner').getByRole('status')).toHaveText('Reconnecting')
  expect(await page.evaluate(movesWithoutEnd)).toEqual([])
  await server.start()

  for (const counter of counters) {
    await expect(counter.section).toContainText(`survived 1 restart of the server · attempt 2 · process ${server.pid}`)
    await reaches(counter.count, before + 2)
    await expect(counter.stop).toBeVisible()
    await expect(counter.tasks).toHaveText('tasks running: 1')
    await expect(counter.alert).toBeHidden()
    await counter.stop.click()
    await expect(counter.start).toBeVisible()
  }
  await expect(meanwhile).toContainText('survived 1 restart of the server')
  await expect
    .poll(async () => (await stepsOf(meanwhile)).filter((step, row) => step === 100 || step > (steps[row] ?? 0)))
    .toHaveLength(50)
  await meanwhile.getByRole('button', { name: 'Cancel all' }).click()
  await expect(meanwhile.getByText('cancelled: the bars show how far they came')).toBeVisible()

  await expect(job.getByText('done: 40 rows')).toBeVisible()
  await expect(job.getByText('went on after the server had ended: attempt 2')).toBeVisible()
  await expect(job.getByRole('list', { name: 'Results' }).getByRole('listitem')).toHaveText(
    Array.from({ length: 40 }, (_, at) => new RegExp(`^Row ${at + 1}: `)),
  )

  const rows = weather.getByRole('region', { name: 'Rows' })
  await expect(rows.getByRole('alert')).toContainText('No answer came')
  await expect(weather.getByText('Loading…')).toBeHidden()
  await weather.getByRole('button', { name: 'Fetch data' }).click()
  await expect(weather.getByRole('row')).toHaveCount(5)
  await expect(rows.getByRole('alert')).toBeHidden()
})

/** What is animated for as long as the page waits, which keeps a phone's processor awake. */
const movesWithoutEnd = () =>
  document
    .getAnimations()
    .flatMap((each) => (each.effect?.getComputedTiming().endTime === Number.POSITIVE_INFINITY ? [each.id] : []))

/** How far each of the fifty is. */
const stepsOf = (meanwhile: Locator) =>
  meanwhile.getByRole('progressbar').evaluateAll((bars) => bars.map((bar) => Number(bar.getAttribute('value'))))

test('the home page goes on with its counter', async ({ page }) => {
  await open(page, '/')
  const example = page.locator('.example')
  await example.getByRole('button', { name: 'Start' }).click()
  await reaches(example.locator('strong'), 1)
  await server.end('SIGKILL')
  await server.start()
  await expect(example.locator('strong')).toHaveText('10 / 10')
  await expect(example.getByRole('button', { name: 'Start' })).toBeVisible()
})
