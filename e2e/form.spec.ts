import { expect, test } from '@playwright/test'
import { open } from './demo'

test('a form by keyboard: each message is at its field, what was typed stays, and the next call takes it', async ({
  page,
}) => {
  await open(page, '/form')
  const form = page.getByRole('region', { name: 'Invite a guest' })
  const field = (label: string) => form.getByLabel(label, { exact: true })
  const press = async (...keys: string[]) => {
    for (const key of keys) await page.keyboard.press(key)
  }

  await field('E-mail').focus()
  await page.keyboard.type('nowhere')
  await press('Tab', 'ArrowUp', 'ArrowUp', 'Tab', 'f', 'Tab', 'Space', 'Enter')
  await expect(field('Name'), 'the first that is wrong').toBeFocused()
  await expect(field('Name')).toHaveAccessibleDescription('Say your name.')
  await expect(field('E-mail')).toHaveAccessibleDescription('This is no e-mail address.')
  await expect(field('Seats')).not.toHaveAttribute('aria-invalid')
  await expect(field('E-mail')).toHaveValue('nowhere')
  await expect(field('Seats')).toHaveValue('3')
  await expect(field('Meal')).toHaveValue('fish')
  await expect(field('Friday')).toBeChecked()

  await page.keyboard.type('Ada')
  await press('Tab')
  await page.keyboard.type('ada@example.org')
  await press('Enter')
  await expect(form.getByRole('status')).toHaveText('Invited.')
  await expect(page.getByRole('row', { name: 'Ada, fish 3' })).toBeVisible()
  await expect(field('Name')).toHaveValue('')
  await expect(field('Seats')).toHaveValue('1')
  await expect(field('Meal')).toHaveValue('plants')
  await expect(field('Friday')).not.toBeChecked()

  await field('Name').fill('Bob')
  await field('E-mail').fill('bob@example.org')
  await field('Seats').fill('8')
  await field('Saturday').check()
  await form.getByRole('button', { name: 'Invite' }).click()
  await expect(form.getByRole('alert')).toHaveText('Only 7 seats are left.')
  await expect(field('Name')).toHaveValue('Bob')
  await expect(field('Saturday')).toBeChecked()
  await form.getByRole('button', { name: 'Start over' }).click()
  await expect(form.getByRole('alert')).toHaveCount(0)
  await expect(field('Name')).toHaveValue('')
  await expect(field('Seats')).toHaveValue('1')
})
