/** What the scenarios need of a browser, whatever it is driven by. */

/** A tab, and whatever page it shows. Scripts are bodies of functions: `return document.title`. */
export interface BrowserTab {
  open(url: string): Promise<void>
  reload(): Promise<void>
  /** As the buttons of the browser do; resolves without waiting for a load, which a kept page does not have. */
  go(way: 'back' | 'forward'): Promise<void>
  /** A real click of the mouse on the element that an XPath finds. */
  click(xpath: string): Promise<void>
  evaluate<T>(script: string): Promise<T>
  /** Clicks on something that opens a window; the tab in which that window is. */
  opens(xpath: string): Promise<BrowserTab>
  close(): Promise<void>
}

export interface Browser {
  /** Its name and version, as it says itself. */
  readonly name: string
  tab(): Promise<BrowserTab>
  close(): Promise<void>
}

/** How often a tab is asked for what it does not show yet, in milliseconds. */
const pause = 50

/** Asks until the answer is the expected one; fails with the last answer after ten seconds. */
export async function until<T>(what: string, ask: () => Promise<T>, isIt: (answer: T) => boolean): Promise<T> {
  const end = performance.now() + 10_000
  for (;;) {
    const answer = await ask().catch((error: Error) => error) // a page that is being replaced answers nothing
    if (!(answer instanceof Error) && isIt(answer)) return answer
    if (performance.now() > end) throw new Error(`Expected ${what}, and got ${String(answer)}`)
    await new Promise((resolve) => setTimeout(resolve, pause))
  }
}
