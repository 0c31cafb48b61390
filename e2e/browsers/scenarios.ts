/** What must be the same in every browser: the scenarios of the specs of delivery, identity and first paint. */
import type { FixtureApp } from '../fixture-app'
import { type Browser, type BrowserTab, until } from './browser'
import { Delivery, Painted } from './pages'

export interface Scene {
  readonly browser: Browser
  readonly tab: BrowserTab
  readonly app: FixtureApp
  /** The same server at an address that is no secure context, if this machine has one. */
  readonly lan: { readonly url: string } | undefined
}

export interface Scenario {
  readonly title: string
  /** One of those that run with all tests. */
  readonly short?: true
  /** What must not be denied. */
  readonly needs?: readonly Denied[]
  /** It runs only where this is denied. */
  readonly lacks?: Denied
  run(scene: Scene): Promise<void>
}

/** What a browser can be made to deny, and a machine not have. */
export type Denied = 'storage' | 'cookies' | 'lan'

/** Waits until the server has said something since it was started or asked last. */
async function said(app: FixtureApp, text: string): Promise<void> {
  await until(
    `the server to say "${text}"`,
    async () => app.output,
    (output) => output.includes(text),
  )
  app.output = ''
}

async function opened({ tab, app }: Scene): Promise<Delivery> {
  const page = new Delivery(tab, app)
  await page.open()
  return page
}

async function paintedSix({ tab, app }: Scene): Promise<Painted> {
  const page = new Painted(tab, app)
  await page.open()
  await page.press('Add')
  await page.shows('samp', 'size 6 still')
  return page
}

const delivery: readonly Scenario[] = [
  {
    title: 'clicks take effect once and in order, also while the server stands still',
    async run(scene) {
      const page = await opened(scene)
      await page.mark('a')
      await page.rests('a')
      scene.app.freeze()
      await page.mark('bcb')
      await page.waits(3)
      await page.shows('#marks', 'a')
      scene.app.thaw()
      await page.rests('a b c b')
    },
  },
  {
    title: 'an optimistic click shows while the server stands still, once when it goes on, and not if it is rejected',
    async run(scene) {
      const page = await opened(scene)
      await page.mark('a')
      await page.rests('a')
      scene.app.freeze()
      await page.press('Hope')
      await page.press('Doubt')
      await page.mark('b')
      await page.shows('#marks', 'a hope doubt')
      scene.app.thaw()
      await page.waits(0)
      await page.shows('#marks', 'a hope b')
      await page.shows('#failure', 'no doubt')
    },
  },
  {
    title: 'a server that is killed and started again has all that it had, and its page goes on',
    short: true,
    needs: ['cookies'],
    async run(scene) {
      const { app } = scene
      const page = await opened(scene)
      await page.press('Tick for long')
      const before = await page.counts(3)
      await page.mark('a')
      await page.rests('a')
      app.output = ''
      await page.press('Mark slowly')
      await page.mark('b')
      await said(app, 'slowly slow')
      await app.kill()
      await page.is('reconnecting')
      await page.mark('c')
      await page.waits(3)
      await app.start(app.port)
      await page.rests('a slow b c')
      await page.shows('#task', 'interrupted')
      await page.counts(before)
    },
  },
  {
    title: 'a reload in the middle of a call leaves its effect once or not at all',
    needs: ['cookies'],
    async run(scene) {
      const page = await opened(scene)
      scene.app.output = ''
      await page.press('Mark slowly')
      await said(scene.app, 'slowly slow')
      await page.reload()
      await page.mark('a')
      await page.rests('slow a')
      for (const letter of ['b', 'c', 'd']) {
        await scene.tab.evaluate(`
          window.before = true
          const name = 'Mark ${letter}'
          for (const button of document.querySelectorAll('button')) if (button.textContent === name) button.click()
          location.reload()`)
        await until('another document', () => scene.tab.evaluate('return window.before !== true'), Boolean)
        await page.is('live')
      }
      await page.mark('e')
      await page.waits(0)
      const marks = () => page.text('#marks')
      await until('each letter once at most', marks, (shown) => /^slow a( b)?( c)?( d)? e$/.test(shown))
    },
  },
  {
    title: 'back and forward lead to the same state, live again',
    needs: ['cookies'],
    async run(scene) {
      const page = await opened(scene)
      await page.mark('a')
      await page.rests('a')
      const later = new Delivery(scene.tab, scene.app, '?later')
      await later.open()
      await later.mark('b')
      await later.rests('a b')
      await page.goes('back', '/delivery')
      await page.rests('a b')
      await page.mark('c')
      await page.rests('a b c')
      await later.goes('forward', '/delivery?later')
      await later.rests('a b c')
      await later.mark('d')
      await later.rests('a b c d')
    },
  },
  {
    title: 'a page that was left for another site catches up with what its task did meanwhile',
    needs: ['cookies'],
    async run(scene) {
      const page = await opened(scene)
      scene.app.output = ''
      await page.press('Tick 40 times')
      await page.counts(1)
      await scene.tab.open(`${scene.app.url}/api/evaluations`)
      await said(scene.app, 'ticked to the end')
      await page.goes('back', '/delivery')
      await page.shows('#ticks', '40')
      await page.mark('a')
      await page.rests('a')
    },
  },
]

const identity: readonly Scenario[] = [
  {
    title: 'two tabs never see each other’s values, and each has its own after a reload',
    short: true,
    needs: ['cookies'],
    async run(scene) {
      const one = await opened(scene)
      const two = new Delivery(await scene.browser.tab(), scene.app)
      await two.open()
      await one.mark('a')
      await two.mark('b')
      await one.rests('a')
      await two.rests('b')
      await one.reload()
      await two.reload()
      await one.rests('a')
      await two.rests('b')
      await two.tab.close()
    },
  },
  {
    title: 'a duplicated tab begins with a copy and goes its own way, also after a reload',
    short: true,
    needs: ['cookies', 'storage'],
    async run(scene) {
      const { app } = scene
      const page = await opened(scene)
      await page.mark('a')
      await page.rests('a')
      const copy = await page.duplicate(app)
      await copy.rests('a')
      await copy.mark('b')
      await copy.rests('a b')
      await page.mark('c')
      await page.rests('a c')
      await Promise.all([page.reload(), copy.reload()])
      await page.rests('a c')
      await copy.rests('a b')
      await copy.tab.close()
    },
  },
  {
    title: 'a duplicated tab has its own state also after the server was killed',
    needs: ['cookies', 'storage'],
    async run(scene) {
      const { app } = scene
      const page = await opened(scene)
      await page.mark('a')
      await page.rests('a')
      const copy = await page.duplicate(app)
      await copy.rests('a')
      await copy.mark('b')
      await copy.rests('a b')
      await app.kill()
      await app.start(app.port)
      await page.mark('c')
      await page.rests('a c')
      await copy.rests('a b')
      await copy.tab.close()
    },
  },
  {
    title: 'a page at an address that is no secure context counts, and has its values after a reload',
    needs: ['cookies', 'lan'],
    async run({ tab, lan = { url: '' } }) {
      const page = new Delivery(tab, lan)
      await page.open()
      if (await tab.evaluate('return isSecureContext')) throw new Error('The context is secure.')
      await page.mark('ab')
      await page.rests('a b')
      await page.reload()
      await page.mark('c')
      await page.rests('a b c')
    },
  },
  {
    title: 'a duplicated tab at an address that is no secure context is not noticed, and shares the state',
    needs: ['cookies', 'storage', 'lan'],
    async run({ tab, lan = { url: '' } }) {
      const page = new Delivery(tab, lan)
      await page.open()
      await page.mark('a')
      await page.rests('a')
      const copy = await page.duplicate(lan)
      await copy.rests('a')
      await copy.mark('b')
      await copy.rests('a b')
      await page.rests('a b')
      await copy.tab.close()
    },
  },
]

const firstPaint: readonly Scenario[] = [
  {
    title: 'a reloaded tab never shows other values than its own',
    short: true,
    needs: ['cookies', 'storage'],
    async run(scene) {
      const page = await paintedSix(scene)
      for (let again = 0; again < 3; again += 1) {
        await page.reload()
        await page.showedOnly('size 6 still')
      }
    },
  },
  {
    title: 'back from another page of the app and reloaded at once, it shows no other values either',
    short: true,
    needs: ['cookies', 'storage'],
    async run(scene) {
      const page = await paintedSix(scene)
      for (const other of [new Delivery(scene.tab, scene.app), undefined]) {
        await page.reload()
        await (other ? other.open() : scene.tab.open(`${scene.app.url}/api/evaluations`))
        await page.goes('back', '/painted')
        await page.showedOnly('size 6 still')
        await page.reload()
        await page.showedOnly('size 6 still')
      }
    },
  },
  {
    title: 'a new tab begins with first values',
    needs: ['cookies'],
    async run(scene) {
      await paintedSix(scene)
      const other = new Painted(await scene.browser.tab(), scene.app)
      await other.open()
      await other.showedOnly('size 5 still')
      await other.tab.close()
    },
  },
  {
    title: 'a page counts and shows the truth, whatever the browser denies',
    async run(scene) {
      const page = await paintedSix(scene)
      await page.press('Begin')
      await page.shows('samp', 'size 6 ticking')
    },
  },
]

/** What a browser that denies something does in its place. */
const denied: readonly Scenario[] = [
  {
    title: 'a page without cookies counts, and begins with first values after a reload',
    lacks: 'cookies',
    async run(scene) {
      const page = await opened(scene)
      await page.mark('ab')
      await page.rests('a b')
      await page.reload()
      await page.rests('')
      await page.mark('c')
      await page.rests('c')
    },
  },
  {
    title: 'a page without cookies whose server was killed begins with first values, and counts on',
    lacks: 'cookies',
    async run(scene) {
      const { app } = scene
      const page = await opened(scene)
      await page.mark('a')
      await page.rests('a')
      await app.kill()
      await page.is('reconnecting')
      await app.start(app.port)
      await page.rests('')
      await page.mark('b')
      await page.rests('b')
    },
  },
  {
    title: 'a reloaded tab without storage shows its own values once it is connected',
    needs: ['cookies'],
    lacks: 'storage',
    async run(scene) {
      const page = await paintedSix(scene)
      await page.reload()
      await page.shows('samp', 'size 6 still')
    },
  },
  {
    title: 'a duplicated tab without storage begins with first values and goes its own way',
    needs: ['cookies'],
    lacks: 'storage',
    async run(scene) {
      const page = await opened(scene)
      await page.mark('a')
      await page.rests('a')
      const copy = await page.duplicate(scene.app)
      await copy.rests('')
      await copy.mark('b')
      await copy.rests('b')
      await page.rests('a')
      await copy.tab.close()
    },
  },
]

export const scenarios: readonly Scenario[] = [...delivery, ...identity, ...firstPaint, ...denied]
