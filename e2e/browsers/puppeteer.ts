/** Chromium and Firefox, by WebDriver BiDi and DevTools through puppeteer-core. */
import puppeteer, { type Page, type Browser as Puppeteered } from 'puppeteer-core'
import type { Browser, BrowserTab } from './browser'

export interface Choices {
  /** Preferences of Firefox, as in about:config. */
  readonly preferences?: Readonly<Record<string, unknown>>
}

export async function chromium(executablePath: string): Promise<Browser> {
  const root = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  const ignoreDefaultArgs = ['--disable-back-forward-cache']
  return opened(await puppeteer.launch({ executablePath, args: root, ignoreDefaultArgs }))
}

export async function firefox(executablePath: string, { preferences = {} }: Choices = {}): Promise<Browser> {
  return opened(await puppeteer.launch({ browser: 'firefox', executablePath, extraPrefsFirefox: { ...preferences } }))
}

async function opened(browser: Puppeteered): Promise<Browser> {
  return {
    name: (await browser.version()).replace(
      /^(Headless)?(\w+)\/([\d.]+).*$/i,
      (_, _headless, name, version) => `${name[0].toUpperCase()}${name.slice(1)} ${version}`,
    ),
    tab: async () => tabOf(await browser.newPage()),
    close: () => browser.close(),
  }
}

function tabOf(page: Page): BrowserTab {
  const click = async (xpath: string) => {
    await page.bringToFront() // Chromium lays out no page that is behind another, and waits for ever for where to click
    const element = await page.waitForSelector(`::-p-xpath(${xpath})`, { timeout: 10_000 })
    await element?.click()
    await element?.dispose()
  }
  return {
    open: async (url) => void (await page.goto(url)),
    reload: async () => void (await page.reload()),
    go: (way) => page.evaluate((where) => history[where](), way),
    click,
    evaluate: (script) => page.evaluate(`(() => { ${script} })()`) as Promise<never>,
    opens: async (xpath) => {
      const popup = new Promise<Page | null>((resolve) => page.once('popup', resolve))
      await click(xpath)
      const other = await popup
      if (!other) throw new Error('No window was opened.')
      return tabOf(other)
    },
    close: () => page.close(),
  }
}
