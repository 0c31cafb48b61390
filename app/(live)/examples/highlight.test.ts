import { expect, test, vi } from 'vitest'
import { highlighted } from './highlight'

test('code has its colours on a machine that is busy, too', async () => {
  let now = Date.now()
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => (now += 1000))
  const html = await highlighted('export const n = 1')
  clock.mockRestore()
  const colours = (word: string) => new RegExp(`<span style="([^"]*)">\\s*${word}`).exec(html)?.[1]
  expect(colours('const')).toBeDefined()
  expect(colours('const')).not.toBe(colours('n'))
})
