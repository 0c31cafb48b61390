/** How the specs of lost connections find their way around their page of the fixture. */
import { expect, type Page } from '@playwright/test'
import { press } from './fixture'
import type { FixtureApp } from './fixture-app'

export class DeliveryPage {
  readonly page: Page
  readonly marks
  readonly waiting
  readonly task
  readonly failure
  readonly ticks
  /** What the task has given that the page waits for. */
  readonly ticked

  constructor(page: Page) {
    this.page = page
    this.marks = page.locator('#marks')
    this.waiting = page.locator('#waiting')
    this.task = page.locator('#task')
    this.failure = page.locator('#failure')
    this.ticks = page.locator('#ticks')
    this.ticked = page.locator('#ticked')
  }

  async open(app: FixtureApp): Promise<void> {
    await this.page.goto(`${app.url}/delivery`)
    await this.is('live')
  }

  async is(status: 'live' | 'reconnecting' | 'offline'): Promise<void> {
    await expect(this.page.getByRole('status')).toHaveText(status)
  }

  /** Makes the calls of some letters, in this order. */
  async mark(letters: string): Promise<void> {
    for (const letter of letters) await press(this.page, `Mark ${letter}`)
  }

  async waits(calls: number): Promise<void> {
    await expect(this.waiting).toHaveText(String(calls))
  }

  /** Live, every call settled well, and exactly these effects, in this order. */
  async rests(marks: string): Promise<void> {
    await this.is('live')
    await this.waits(0)
    await expect(this.marks).toHaveText(marks)
    await expect(this.failure).toHaveText('none')
  }

  async counted(): Promise<number> {
    return Number(await this.ticks.textContent())
  }

  async counts(least: number): Promise<void> {
    await expect.poll(() => this.counted()).toBeGreaterThanOrEqual(least)
  }

  /** What the page is told when its tab is left or shown again: a browser without a window shows every page. */
  async becomes(state: 'hidden' | 'visible'): Promise<void> {
    await this.page.evaluate((value) => {
      Object.defineProperty(document, 'visibilityState', { configurable: true, value })
      document.dispatchEvent(new Event('visibilitychange'))
    }, state)
  }

  /** All pages of the browser stand still meanwhile, as on a laptop that sleeps: DevTools freezes only what is hidden. */
  async standsStill(meanwhile: () => Promise<void>): Promise<void> {
    const session = await this.page.context().browser()?.newBrowserCDPSession()
    const { processInfo } = (await session?.send('SystemInfo.getProcessInfo')) ?? { processInfo: [] }
    const renderers = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id)
    try {
      for (const id of renderers) process.kill(id, 'SIGSTOP')
      await meanwhile()
    } finally {
      for (const id of renderers) process.kill(id, 'SIGCONT')
    }
  }

  /** What names the state of this tab. */
  token(): Promise<string | undefined> {
    return this.page.evaluate(() => {
      const key = Object.keys(sessionStorage).find((name) => name.startsWith('heldstate.token')) // its zone follows
      return key && sessionStorage.getItem(key)?.split('.')[0]
    })
  }
}
