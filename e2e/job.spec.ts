import { expect, type Page, test } from '@playwright/test'
import { open, record } from './demo'

const resultsOf = (page: Page) => page.getByRole('list', { name: 'Results' }).getByRole('listitem')

test('a job shows its progress and finishes all rows', async ({ page }) => {
  await open(page, '/job')
  await page.getByRole('button', { name: 'Start job' }).click()
  await expect(page.getByText(/^row \d+ of 40$/)).toBeVisible()
  await expect(page.getByText('done: 40 rows')).toBeVisible()
  await expect(resultsOf(page)).toHaveCount(40)
  await expect(page.getByRole('progressbar', { name: 'Job progress' })).toHaveAttribute('value', '1')
})

test('a cancelled job writes nothing more', async ({ page, context }) => {
  await open(page, '/job')
  await page.getByRole('button', { name: 'Start job' }).click()
  await expect(resultsOf(page).nth(3)).toBeVisible()
  await page.getByRole('button', { name: 'Cancel job' }).click()
  await expect(page.getByText(/^cancelled after \d+ of 40 rows$/)).toBeVisible()
  const written = await resultsOf(page).count()
  expect(written).toBeLessThan(40)

  // A job in another tab writes ten rows; this one writes none.
  const other = await context.newPage()
  await open(other, '/job')
  await other.getByRole('button', { name: 'Start job' }).click()
  await expect(resultsOf(other).nth(9)).toBeVisible()
  await expect(resultsOf(page)).toHaveCount(written)
  await page.reload()
  await expect(page.getByText(`cancelled after ${written} of 40 rows`)).toBeVisible()
  await expect(resultsOf(page)).toHaveCount(written)
})

test('a job that fails in the middle shows why and keeps what it has done', async ({ page }) => {
  await open(page, '/job')
  await page.getByRole('button', { name: 'Start a job that fails' }).click()
  await expect(page.getByRole('region', { name: 'Job' }).getByRole('alert')).toContainText('Row 20 has no price.')
  await expect(resultsOf(page)).toHaveCount(19)
  await expect(page.getByText('failed after 19 of 40 rows')).toBeVisible()
})

test('a job goes on through a reload', async ({ page }) => {
  await open(page, '/job')
  await page.getByRole('button', { name: 'Start job' }).click()
  await expect(resultsOf(page).nth(2)).toBeVisible()
  await page.addInitScript(noteFirstValues)
  const showed = async () => {
    await page.reload()
    return page.evaluate(() => document.documentElement.dataset.showed)
  }
  await expect.poll(showed, 'a busy machine may lose the name that a page leaves for the next').toBeUndefined()
  await expect(page.getByText('done: 40 rows')).toBeVisible()
  await expect(resultsOf(page)).toHaveText(Array.from({ length: 40 }, (_, at) => new RegExp(`^Row ${at + 1}: `)))
})

test('a screen reader hears the start, each quarter and the end of a job, and nothing twice', async ({ page }) => {
  await open(page, '/job')
  const heard = await record(page.getByRole('region', { name: 'Job' }).getByRole('status'))
  await page.getByRole('button', { name: 'Start job' }).click()
  await expect(page.getByText('done: 40 rows')).toBeVisible()
  const quarters = [25, 50, 75].map((percent) => `${percent} percent of the rows are there.`)
  const said = (await heard()).filter((text) => text !== '' && !text.startsWith('100'))
  expect(said).toEqual(['The job has started.', ...quarters, 'The job is done.'])
})

/** Writes down on the document that a first value was shown. */
function noteFirstValues(): void {
  const look = () => {
    const shown = [...document.querySelectorAll('.aside')].some((each) => each.textContent?.startsWith('Ready'))
    if (shown) document.documentElement.dataset.showed = 'first values'
  }
  new MutationObserver(look).observe(document, { childList: true, subtree: true, characterData: true })
}
