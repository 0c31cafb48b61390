/** How the scenarios find their way around the pages of the fixture. */
import type { FixtureApp } from '../fixture-app'
import { type BrowserTab, until } from './browser'

const button = (name: string) => `//button[normalize-space()="${name}"]`

/** A page of the fixture in some tab. `origin` is that of the server, or another way to it. */
class FixturePage {
  readonly tab: BrowserTab
  protected readonly url: string

  constructor(tab: BrowserTab, url: string) {
    this.tab = tab
    this.url = url
  }

  async open(): Promise<void> {
    await this.tab.open(this.url)
    await this.is('live')
  }

  async reload(): Promise<void> {
    await this.tab.reload()
    await this.is('live')
  }

  /** By the buttons of the browser, to a page with this path. */
  async goes(way: 'back' | 'forward', path: string): Promise<void> {
    await this.tab.go(way)
    const here = () => this.tab.evaluate<string>('return location.pathname + location.search')
    await until(path, here, (at) => at.endsWith(path))
  }

  press(name: string): Promise<void> {
    return this.tab.click(button(name))
  }

  is(status: 'live' | 'reconnecting'): Promise<unknown> {
    return this.shows('[role=status]', status)
  }

  /** Waits until an element has exactly this text. */
  shows(selector: string, text: string): Promise<unknown> {
    return until(
      `"${text}" in ${selector}`,
      () => this.text(selector),
      (shown) => shown === text,
    )
  }

  text(selector: string): Promise<string> {
    return this.tab.evaluate(`return document.querySelector('${selector}').textContent`)
  }

  /** The tab that a link opens, which gets a copy of the session storage, as a duplicated tab does. */
  protected async duplicated(): Promise<BrowserTab> {
    await this.tab.evaluate(`
      const link = document.createElement('a')
      Object.assign(link, { id: 'again', href: location.href, target: '_blank', rel: 'opener', textContent: 'Again' })
      document.body.prepend(link)`)
    return this.tab.opens('//a[@id="again"]')
  }
}

/** The page of calls that leave marks in the order in which they took effect. */
export class Delivery extends FixturePage {
  constructor(tab: BrowserTab, { url }: Pick<FixtureApp, 'url'>, search = '') {
    super(tab, `${url}/delivery${search}`)
  }

  async mark(letters: string): Promise<void> {
    for (const letter of letters) await this.press(`Mark ${letter}`)
  }

  waits(calls: number): Promise<unknown> {
    return this.shows('#waiting', String(calls))
  }

  /** Live, every call settled well, and exactly these effects, in this order. */
  async rests(marks: string): Promise<void> {
    await this.is('live')
    await this.waits(0)
    await this.shows('#marks', marks)
    await this.shows('#failure', 'none')
  }

  async counts(least: number): Promise<number> {
    const ticks = async () => Number(await this.text('#ticks'))
    return until(`at least ${least} ticks`, ticks, (shown) => shown >= least)
  }

  async duplicate(app: Pick<FixtureApp, 'url'>): Promise<Delivery> {
    return new Delivery(await this.duplicated(), app)
  }
}

/** The page that has its values in its HTML, and notes each text that it shows. */
export class Painted extends FixturePage {
  constructor(tab: BrowserTab, { url }: Pick<FixtureApp, 'url'>) {
    super(tab, `${url}/painted`)
  }

  /** Nothing but this was shown since this document began. */
  async showedOnly(text: string): Promise<void> {
    await this.is('live')
    await this.shows('samp', text)
    const shown = await this.tab.evaluate<string[]>('return window.shownTexts')
    if (shown.join() !== text)
      throw new Error(`Expected only "${text}" to be shown, and it was ${shown.join(', then ')}`)
  }
}
