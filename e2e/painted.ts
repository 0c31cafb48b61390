/** What the specs of first paint look at: the HTML as the server sent it, and what the page shows from its first moment on. */
import { expect, type Page } from '@playwright/test'

declare global {
  interface Window {
    shownTexts?: string[]
  }
}

/** Has each later document of the page note all texts that its state is shown as. */
export async function watchTexts(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const texts: string[] = []
    window.shownTexts = texts
    const note = () => {
      const text = document.querySelector('samp')?.textContent
      if (text && texts.at(-1) !== text) texts.push(text)
    }
    new MutationObserver(note).observe(document, { subtree: true, childList: true, characterData: true })
  })
}

export const textsShown = (page: Page) => page.evaluate(() => window.shownTexts ?? [])

/** Reloads; gives what the HTML shows, as it came over the network. */
export async function reloadedHtml(page: Page): Promise<string> {
  const answer = await page.reload()
  return samp((await answer?.text()) ?? '')
}

export const samp = (html: string) => /<samp>(.*?)<\/samp>/.exec(html.replaceAll('<!-- -->', ''))?.[1] ?? html

export const live = (page: Page) => expect(page.getByRole('status')).toHaveText('live')
