// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { callerHeader, callersIn, parseCaller } from '../protocol/caller.js'
import { Introduction } from './introduction.js'

const signed = `${'1'.repeat(32)}.${'2'.repeat(32)}`
/** The page that was made last is about to end. */
let leave = () => {}
/** It is shown, from the cache of left pages if `persisted`. */
let show = (_: { persisted: boolean }) => {}
let given: unknown[][] = []
let sent: { url: string; caller: string | null; other: string | null }[] = []

beforeEach(() => {
  sent = []
  given = []
  sessionStorage.clear()
  vi.stubGlobal('fetch', async (input: RequestInfo | URL, init?: RequestInit) => {
    given.push([input, init])
    const url = typeof input === 'object' && 'url' in input ? input.url : String(input)
    const headers = new Headers(init?.headers ?? (input as Request).headers)
    sent.push({ url, caller: headers.get(callerHeader), other: headers.get('accept') })
  })
  vi.stubGlobal('addEventListener', (name: string, run: () => void) => {
    if (name === 'beforeunload') leave = run
    else if (name === 'pageshow') show = run
  })
  vi.useFakeTimers()
})

afterEach(() => {
  vi.advanceTimersByTime(10_000)
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const cookies = () => callersIn(document.cookie, false)

describe('a fetch of the page', () => {
  it("that is Next's names the tab, and keeps the headers that it had", async () => {
    new Introduction(() => signed)
    await fetch('/path', { headers: { rsc: '1', accept: 'text/x-component' } })
    await fetch(new URL('/path', location.href), { method: 'POST', headers: new Headers({ 'Next-Action': 'id' }) })
    await fetch('/_next/data/build/path.json', { headers: { 'x-nextjs-data': '1' } }) // the Pages Router
    await fetch('https://elsewhere.example/path', { headers: { RSC: '1' } })
    expect(sent.map(({ caller }) => parseCaller(caller)?.signed)).toEqual([signed, signed, signed, undefined])
    expect(sent.map(({ other }) => other)).toEqual(['text/x-component', null, null, null])
  })

  it('of anybody else leaves the page as it was made', async () => {
    new Introduction(() => signed)
    const init = { headers: { accept: 'x' } }
    await fetch('/path')
    await fetch('/path', init)
    await fetch(new Request(new URL('/path', location.href)), { method: 'POST' })
    expect(sent.map(({ caller }) => caller)).toEqual([null, null, null])
    expect(given[1]).toEqual(['/path', init])
    expect(given[1]?.[1]).toBe(init)
  })

  it('by heldFetch, to its own server, names the tab, and keeps the headers that it had', async () => {
    const page = new Introduction(() => signed)
    await page.fetch('/path', { headers: { accept: 'text/x-component' } })
    await page.fetch(new URL('/path', location.href))
    await page.fetch(new Request(new URL('/path', location.href), { headers: { accept: 'x' } }))
    expect(sent.map(({ caller }) => parseCaller(caller)?.signed)).toEqual([signed, signed, signed])
    expect(sent.map(({ other }) => other)).toEqual(['text/x-component', null, 'x'])
    expect(page.knows(parseCaller(sent[0]?.caller)?.mark ?? '')).toBe(true)
  })

  it('to another server names nothing, nor one of a page that has no token', async () => {
    let token: string | undefined = signed
    const page = new Introduction(() => token)
    await page.fetch('https://elsewhere.example/path')
    token = undefined
    await page.fetch('/path')
    expect(sent.map(({ caller }) => caller)).toEqual([null, null])
  })
})

describe('a page that ends', () => {
  it('names its tab to the next document of this tab, which takes the name away and knows what was made for it', () => {
    new Introduction(() => signed)
    leave()
    const [caller] = cookies()
    expect(caller?.signed).toBe(signed)
    const next = new Introduction(() => undefined)
    expect(next.knows(caller?.mark ?? '')).toBe(true)
    expect(cookies()).toEqual([])
    expect(new Introduction(() => undefined).knows(caller?.mark ?? '')).toBe(false)
  })

  it('leaves one name, however often it seems to end, and none if it goes on', () => {
    new Introduction(() => signed)
    leave()
    leave()
    expect(cookies()).toHaveLength(1)
    vi.advanceTimersByTime(1_000)
    expect(cookies()).toEqual([])
  })

  it('leaves nothing if it has no token', () => {
    new Introduction(() => undefined)
    leave()
    expect(cookies()).toEqual([])
  })

  it('and comes back from the cache of left pages takes back its name, and that of the page which it comes back from', () => {
    new Introduction(() => signed)
    const first = { leave, show }
    first.leave()
    const other = new Introduction(() => signed)
    leave()
    expect(cookies()).toHaveLength(1)
    first.show({ persisted: true })
    expect(cookies()).toEqual([])
    first.leave()
    expect(cookies()).toHaveLength(1) // of several that are new none counts
    expect(other.knows(cookies()[0]?.mark ?? '')).toBe(false)
  })

  it('and comes back after a page of elsewhere takes back its own name', () => {
    new Introduction(() => signed)
    leave()
    show({ persisted: true })
    expect(cookies()).toEqual([])
    expect(sessionStorage.length).toBe(0)
  })

  it('is not taken for one that comes back when it is shown for the first time', () => {
    new Introduction(() => signed)
    leave()
    show({ persisted: false })
    expect(cookies()).toHaveLength(1)
  })
})
