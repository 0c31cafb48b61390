import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { browserIdentity } from './identity.js'

const token = `${'a'.repeat(32)}.${'1'.repeat(32)}`
const another = `${'b'.repeat(32)}.${'2'.repeat(32)}`

/** Ends all waiting for a lock, as if its time had passed. */
let timesOut = () => {}
let waits: number[] = []

beforeEach(() => {
  waits = []
  const ended = new AbortController()
  timesOut = () => ended.abort(new Error('time is over'))
  vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
    waits.push(ms)
    return ended.signal
  })
})

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

/** The locks of one site in one browser: who has them, page by page, and who waits. */
class SiteLocks {
  readonly held = new Map<string, Page>()
  private readonly waiting: { name: string; grant: () => void }[] = []

  request(page: Page, name: string, signal: AbortSignal, callback: () => Promise<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const grant = () => {
        this.held.set(name, page)
        resolve(callback().finally(() => this.pass(name)))
      }
      if (!this.held.has(name)) return grant()
      const waiter = { name, grant }
      this.waiting.push(waiter)
      signal.addEventListener('abort', () => {
        if (!this.waiting.includes(waiter)) return
        this.waiting.splice(this.waiting.indexOf(waiter), 1)
        reject(signal.reason)
      })
    })
  }

  /** A page is gone, and with it what it held. */
  leave(page: Page): void {
    for (const [name, holder] of [...this.held]) if (holder === page) this.pass(name)
  }

  private pass(name: string): void {
    this.held.delete(name)
    const next = this.waiting.findIndex((waiter) => waiter.name === name)
    if (next >= 0) this.waiting.splice(next, 1)[0]?.grant()
  }
}

/** One page of a tab: `storage` is that of the tab. */
class Page {
  readonly locks: SiteLocks
  readonly storage: Map<string, string>
  readonly identity = browserIdentity()

  constructor(locks: SiteLocks, storage = new Map<string, string>()) {
    this.locks = locks
    this.storage = storage
  }

  /** Runs in this page. */
  in<T>(run: (identity: Page['identity']) => T): T {
    const { storage, locks } = this
    vi.stubGlobal('sessionStorage', {
      getItem: (key: string) => storage.get(key) ?? null,
      setItem: (key: string, value: string) => void storage.set(key, value),
      removeItem: (key: string) => void storage.delete(key),
    })
    const request = (name: string, { signal }: { signal: AbortSignal }, callback: () => Promise<unknown>) =>
      locks.request(this, name, signal, callback)
    vi.stubGlobal('navigator', { locks: { request } })
    return run(this.identity)
  }

  claim = () => this.in((identity) => identity.claim())
  keep = (given: string) => this.in((identity) => identity.keep(given))

  /** The page is replaced by a new one in the same tab. */
  reload(): Page {
    this.locks.leave(this)
    return new Page(this.locks, this.storage)
  }

  /** Another tab, which gets a copy of this one's storage. */
  duplicate(): Page {
    return new Page(this.locks, new Map(this.storage))
  }
}

const open = () => new Page(new SiteLocks())

describe('a tab', () => {
  it('has no token before it was given one', async () => {
    expect(await open().claim()).toBeUndefined()
  })

  it('that was given a token says it at each connection, without asking for its lock again', async () => {
    const page = open()
    page.keep(token)
    page.keep(token)
    expect(await page.claim()).toBe(token)
    expect(await page.claim()).toBe(token)
    expect(waits).toHaveLength(1)
  })

  it('has its token again after a reload, also after several', async () => {
    let page = open()
    page.keep(token)
    for (let index = 0; index < 3; index += 1) {
      page = page.reload()
      expect(await page.claim()).toBe(token)
      expect(await page.claim()).toBe(token)
    }
  })

  it('waits for the page before it, which may let go late', async () => {
    const before = open()
    before.keep(token)
    const after = new Page(before.locks, before.storage)
    const claimed = after.claim()
    before.locks.leave(before)
    expect(await claimed).toBe(token)
    expect(waits.at(-1)).toBeGreaterThanOrEqual(500)
  })

  it('that was given another token keeps that one, over a reload too', async () => {
    const page = open()
    page.keep(token)
    page.keep(another)
    expect(await page.claim()).toBe(another)
    expect(await page.reload().claim()).toBe(another)
  })

  it('that was told to forget its token asks for a new one, and claims that', async () => {
    const page = open()
    page.keep(token)
    page.in((identity) => identity.forget())
    expect(await page.claim()).toBeUndefined()
    for (const given of [another, token]) {
      page.keep(given)
      expect(await page.claim()).toBe(given)
    }
    page.in((identity) => identity.forget())
    page.keep(token)
    expect(await page.claim()).toBe(token)
  })

  it('names its lock without the signature of its token', () => {
    const page = open()
    page.keep(token)
    const [name] = page.locks.held.keys()
    expect(name).toContain(token.slice(0, 32))
    expect(name).not.toContain(token.slice(33))
  })
})

describe('a duplicated tab', () => {
  it('asks for a token of its own, while the first one keeps its', async () => {
    const first = open()
    first.keep(token)
    const copy = first.duplicate()
    const claimed = copy.claim()
    timesOut()
    expect(await claimed).toBeUndefined()
    expect(copy.identity.copyOf?.()).toBe(token)
    expect(copy.storage.has('heldstate.token')).toBe(false)
    copy.keep(another)
    expect(await copy.claim()).toBe(another)
    expect(copy.identity.copyOf?.()).toBe(token) // nothing of its own is saved yet
    copy.identity.saved?.()
    expect(copy.identity.copyOf?.()).toBeUndefined()
    expect(await first.claim()).toBe(token)
    expect(await first.reload().claim()).toBe(token)
  })

  it('has its own token after a reload, also when the first one is gone', async () => {
    const first = open()
    first.keep(token)
    const copy = first.duplicate()
    const claimed = copy.claim()
    timesOut()
    await claimed
    copy.keep(another)
    first.locks.leave(first)
    expect(await copy.reload().claim()).toBe(another)
  })

  it('of a tab that has only just reloaded is told apart from it as well', async () => {
    const first = open()
    first.keep(token)
    const reloaded = first.reload()
    expect(await reloaded.claim()).toBe(token)
    const claimed = reloaded.duplicate().claim()
    timesOut()
    expect(await claimed).toBeUndefined()
  })
})

describe('a browser', () => {
  it('without locks, as where the page is not secure, keeps the token over a reload', async () => {
    const page = open()
    page.keep(token)
    const claim = (given: Page) =>
      given.in((identity) => {
        vi.stubGlobal('navigator', {})
        return identity.claim()
      })
    expect(await claim(page.reload())).toBe(token)
  })

  /** As seen in frames of other sites, private windows, and documents that are not active any more. */
  it.each<[how: string, locks: () => unknown]>([
    ['rejects with SecurityError', () => ({ request: () => Promise.reject(new DOMException('no', 'SecurityError')) })],
    [
      'rejects with InvalidStateError',
      () => ({ request: () => Promise.reject(new DOMException('no', 'InvalidStateError')) }),
    ],
    [
      'rejects with NotSupportedError',
      () => ({ request: () => Promise.reject(new DOMException('no', 'NotSupportedError')) }),
    ],
    [
      'rejects with an AbortError of its own',
      () => ({ request: () => Promise.reject(new DOMException('no', 'AbortError')) }),
    ],
    ['rejects with nothing', () => ({ request: () => Promise.reject() })],
    [
      'throws',
      () => ({
        request: () => {
          throw new DOMException('no', 'SecurityError')
        },
      }),
    ],
    ['has no request', () => ({})],
    ['is undefined', () => undefined],
    ['is null', () => null],
  ])('whose lock manager %s keeps the token over a reload, as if it had none', async (_, locks) => {
    const page = open()
    page.keep(token)
    const claimed = page.reload().in((identity) => {
      vi.stubGlobal('navigator', { locks: locks() })
      return identity.claim()
    })
    expect(await claimed).toBe(token)
  })

  it('that has no AbortSignal.timeout() keeps it as well', async () => {
    const page = open()
    page.keep(token)
    const claimed = page.reload().in((identity) => {
      vi.stubGlobal('AbortSignal', {})
      return identity.claim()
    })
    expect(await claimed).toBe(token)
  })

  it('that forbids storage lets the page keep its state over connections, but not over a reload', async () => {
    const page = open()
    const forbidden = () => {
      throw new Error('forbidden')
    }
    const anyway = <T>(run: (identity: Page['identity']) => T) =>
      page.in((identity) => {
        vi.stubGlobal('sessionStorage', { getItem: forbidden, setItem: forbidden, removeItem: forbidden })
        return run(identity)
      })
    anyway((identity) => identity.keep(token))
    expect(await anyway((identity) => identity.claim())).toBe(token)
    anyway((identity) => identity.forget())
    expect(await anyway((identity) => identity.claim())).toBeUndefined()
  })
})

describe('a page that has no token', () => {
  it('holds its name until it ends, and a duplicate of its tab does not get it', async () => {
    const first = new Page(new SiteLocks())
    const hold = (page: Page, name: string) => page.in((identity) => identity.hold?.(name))
    expect(await hold(first, 'p'.repeat(32))).toBe(true)
    const copy = first.duplicate()
    const claim = hold(copy, 'p'.repeat(32))
    timesOut()
    expect(await claim).toBe(false)
    expect(await hold(first.reload(), 'p'.repeat(32))).toBe(true)
  })
})
