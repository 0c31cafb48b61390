import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { defineState } from '../../doors/authors.js'
import {
  forgetBrowser,
  forgetTab,
  type GivenRequest,
  getState,
  hub,
  memoryStore,
  modifyState,
} from '../../doors/server.js'
import type { HubRuntime } from '../../hub/hub.js'
import { currentHub, setSlot } from '../../hub/process-hub.js'
import { appHeader, callerCookie, callerHeader, documentHeader, writeCaller } from '../../protocol/caller.js'
import type { Paint } from '../../protocol/paint.js'
import { stub } from '../../state/stub.js'
import { testHub } from '../../testing/kit.js'
import { signedBrowser } from '../../transport/browser-cookie.js'
import { HeldStateProvider } from './provider.js'

const { headers, connection } = vi.hoisted(() => ({
  headers: vi.fn<() => Promise<Headers>>(),
  connection: vi.fn(async () => {}),
}))
vi.mock('next/headers.js', () => ({ headers }))
vi.mock('next/server.js', () => ({ connection }))

const defined = defineState('d', () => ({ n: 3, when: new Date(0) }))
  .private(() => ({ secret: 'first' }))
  .computed({ double: (s) => s.n * 2 })
  .events((on) => ({
    add: on((s, by: number) => {
      s.n += by
      s.secret = 'written'
    }),
  }))
const other = defineState('other', () => ({ m: 1 }))
/** What server components import. */
const d = stub(defined.manifest) as typeof defined

const cookieIn = ({ callers }: HubRuntime) => `heldstate=${signedBrowser(browser, 0, callers.secrets[0])}`

type CookieOf = (browser: string) => string
const browser = 'b'.repeat(32)
const mark = 'c'.repeat(32)
const outside = new Error('`headers` was called outside a request scope. Read more: …')

beforeEach(() => void headers.mockImplementation(() => Promise.reject(outside)))
afterEach(() => setSlot(undefined))

const asked = (given: Record<string, string>) => {
  const request = new Headers(given)
  headers.mockImplementation(() => Promise.resolve(request))
}

async function open() {
  const store = memoryStore()
  const save = vi.spyOn(store, 'save')
  const kit = testHub([defined, other], { store })
  const tab = await kit.open(browser)
  await tab.watch(defined)
  await kit.done(tab.state(defined).add(4))
  save.mockClear()
  const signed = tab.signedToken ?? ''
  const [secret] = kit.hub.callers.secrets
  const cookieOf = (one: string) => `heldstate=${signedBrowser(one, 0, secret)}`
  const cookie = cookieOf(browser)
  const headersOf = (its: string) => ({
    cookie: `${cookie}; ${callerCookie(its, false)}=${writeCaller({ mark: its, signed })}`,
  })
  return {
    ...kit,
    tab,
    save,
    fetched: () => asked({ cookie, [callerHeader]: writeCaller({ mark, signed }) }),
    headersOf,
    loaded: (its = mark) => asked(headersOf(its)),
    signed,
    cookieOf,
  }
}

const written = { n: 7, when: new Date(0), secret: 'written', double: 14 }
const first = { n: 3, when: new Date(0), secret: 'first', double: 6 }

describe('getState', () => {
  const paints = () => (HeldStateProvider({ children: null }).props as { painting: Promise<Paint> }).painting
  it.each([
    ['', () => getState(d), written],
    [' through the provider', paints, expect.objectContaining({ mark })],
  ])('waits for the navigation itself%s: a prefetch has headers too, and is kept', async (_, read, expected) => {
    const { fetched, clock, done } = await open()
    const now = vi.spyOn(clock, 'now') // of which Next takes note in a prefetch
    const settled = vi.fn()
    let navigate = () => {}
    const asks = new Promise<void>((asked) => {
      connection.mockImplementationOnce(() => {
        asked()
        return new Promise((resolve) => {
          navigate = resolve
        })
      })
    })
    fetched()
    const reading = Promise.resolve(read()).finally(settled)
    await asks
    await new Promise((again) => setImmediate(again))
    expect([settled.mock.calls.length, now.mock.calls.length]).toEqual([0, 0])
    navigate()
    expect(await done(reading)).toEqual(expected)
  })

  it('gives a fetch of a page the state of its tab, with private fields and computed values', async () => {
    const { fetched, done } = await open()
    fetched()
    expect(await done(getState(d))).toEqual(written)
    expect(await done(getState(other))).toEqual({ m: 1 })
  })

  it('gives a document the state of the tab that it is loaded in: as often as it asks, and no second document', async () => {
    const { loaded, done } = await open()
    loaded()
    expect(await done(getState(d))).toEqual(written)
    expect(await done(getState(d))).toEqual(written)
    loaded()
    expect(await done(getState(d))).toEqual(first)
  })

  it('gives a document that Next renders again the same state: the server has named it', async () => {
    const { headersOf, done } = await open()
    const named = { ...headersOf(mark), [documentHeader]: 'one' }
    for (const _ of [1, 2]) {
      asked(named)
      expect(await done(getState(d))).toEqual(written)
    }
    asked({ ...named, [documentHeader]: 'another' })
    expect(await done(getState(d))).toEqual(first)
  })

  it.each([
    ['without a cookie', (signed: string, _: CookieOf) => ({ [callerHeader]: writeCaller({ mark, signed }) })],
    [
      'of another browser',
      (signed: string, cookieOf: CookieOf) => ({
        cookie: cookieOf(mark),
        [callerHeader]: writeCaller({ mark, signed }),
      }),
    ],
    [
      'with a cookie that is not signed',
      (signed: string) => ({ cookie: `heldstate=${browser}`, [callerHeader]: writeCaller({ mark, signed }) }),
    ],
    [
      'with a malformed header',
      (signed: string, cookieOf: CookieOf) => ({ cookie: cookieOf(browser), [callerHeader]: signed }),
    ],
    [
      'with an unsigned token',
      (signed: string, cookieOf: CookieOf) => ({ cookie: cookieOf(browser), [callerHeader]: signed.slice(0, 32) }),
    ],
    ['of a new visitor', () => ({})],
  ])('gives a request %s first values, and makes nothing in the store', async (_, request) => {
    const { signed, done, save, cookieOf } = await open()
    asked(request(signed, cookieOf))
    expect(await done(getState(d))).toEqual(first)
    expect(save).not.toHaveBeenCalled()
  })

  it('gives first values to a page of another app of the same origin, although it has the same secret', async () => {
    const { signed, done, hub } = await open()
    hub.registry.app = '/#1a2b3c4d'
    const named = (app: string) =>
      asked({ cookie: cookieIn(hub), [callerHeader]: writeCaller({ mark, signed }), [appHeader]: app })
    named('/shop#1a2b3c4d')
    expect(await done(getState(d))).toEqual(first)
    named('/#1a2b3c4d')
    expect(await done(getState(d))).toEqual(written)
  })

  it('gives a copy: writing to it changes nothing', async () => {
    const { fetched, done, tab } = await open()
    fetched()
    const state = (await done(getState(d))) as { n: number; when: Date }
    state.n = 100
    state.when.setTime(5)
    expect(await done(getState(d))).toEqual(written)
    expect(tab.state(defined).when).toEqual(new Date(0))
  })

  it('reads what a server before this one has saved, and saves nothing', async () => {
    const { fetched, done, crash, save } = await open()
    crash()
    fetched()
    expect(await done(getState(d))).toEqual(written)
    expect(save).not.toHaveBeenCalled()
  })

  it('gives first values outside a request, and the public ones where no hub runs', async () => {
    const { done } = await open()
    expect(await done(getState(d))).toEqual(first)
    setSlot(undefined)
    expect(await getState(d)).toEqual({ n: 3, when: new Date(0), double: 6 })
  })

  it('lets through what Next ends a static render with', async () => {
    await open()
    headers.mockImplementation(() => Promise.reject(new Error('DYNAMIC_SERVER_USAGE')))
    await expect(getState(d)).rejects.toThrow('DYNAMIC_SERVER_USAGE')
  })
})

/** The hub of an app, in code of which Next tells of no request. */
const inApp = (hub: ReturnType<typeof currentHub>) => setSlot({ hub, routeKey: '', takeJob: () => undefined })

describe('with a request that is given, as Pages Router needs it', () => {
  const requests: [what: string, make: (headers: Record<string, string>) => GivenRequest['req']][] = [
    ['of Node', (headers) => ({ headers })],
    ['of Node with lists', (headers) => ({ headers: { ...headers, 'x-many': ['a', 'b'] } })],
    ['of the web', (headers) => new Request('http://localhost/', { headers: { ...headers, origin: '' } })],
  ]
  const opened = async () => {
    const kit = await open()
    inApp(kit.hub)
    return {
      ...kit,
      caller: { cookie: kit.cookieOf(browser), [callerHeader]: writeCaller({ mark, signed: kit.signed }) },
    }
  }

  it.each(requests)('%s: getState, modifyState and forgetTab know the tab', async (_, make) => {
    const { done, caller, tab, clock } = await opened()
    const req = make(caller)
    expect(await done(getState(d, { req }))).toEqual(written)
    expect(await done(modifyState(d, (s) => (s.n += 1), { req }))).toBe(8)
    await clock.advance(20)
    expect(tab.state(defined).n).toBe(8)
    await done(forgetTab({ req }))
    expect(await done(getState(d, { req }))).toEqual(first)
  })

  it('that is of a document may read, as often as it likes, and not change', async () => {
    const { done, headersOf } = await opened()
    const req = { headers: headersOf(mark), method: 'GET' }
    expect(await done(getState(d, { req }))).toEqual(written)
    expect(await done(getState(d, { req, res: {} } as GivenRequest))).toEqual(written)
    await expect(done(modifyState(d, () => {}, { req }))).rejects.toMatchObject({
      message: expect.stringContaining('while a document loads'),
    })
    expect(await done(getState(d, { req: { ...req } }))).toEqual(first)
  })

  it('that does not tell gives first values, and refuses a change', async () => {
    const { done } = await opened()
    const req = { headers: {} }
    expect(await done(getState(d, { req }))).toEqual(first)
    await expect(done(modifyState(d, () => {}, { req }))).rejects.toMatchObject({ code: 'unknown-tab' })
    await done(forgetBrowser({ req }))
  })

  it('that is none is refused by what to write', async () => {
    const { done } = await opened()
    for (const wrong of [{}, { headers: {} }, { req: undefined }, { req: {} }, { req: { headers: null } }])
      await expect(done(getState(d, wrong as never))).rejects.toMatchObject({
        code: 'unknown-tab',
        message: expect.stringContaining('Pass { req }'),
      })
  })

  it('or else says at once that there is none', async () => {
    const { done } = await opened()
    for (const [work, call] of [
      [() => getState(d), 'getState(definition, { req })'],
      [() => modifyState(d, () => {}), 'modifyState(definition, change, { req })'],
      [() => forgetTab(), 'forgetTab({ req })'],
      [() => forgetBrowser(), 'forgetBrowser({ req })'],
    ] as const)
      await expect(done<unknown>(work())).rejects.toMatchObject({
        code: 'unknown-tab',
        message: expect.stringMatching(
          `In pages/api and getServerSideProps, pass the request: ${call.replaceAll(/[(){}]/g, '\\$&')}`,
        ),
      })
  })

  it('says it in getStaticProps of a build as well, where no hub runs', async () => {
    vi.stubEnv('NEXT_PHASE', 'phase-production-build')
    await expect(getState(d)).rejects.toMatchObject({ code: 'unknown-tab' })
    asked({})
    expect(await getState(d)).toMatchObject({ n: 3 })
    vi.unstubAllEnvs()
  })
})

describe('the edge runtime', () => {
  it('is refused by name, in place of first values and of advice that does not help', async () => {
    vi.stubGlobal('EdgeRuntime', 'edge-runtime')
    const refused = {
      code: 'missing-hub',
      message: expect.stringMatching(/edge runtime.*Remove `runtime = 'edge'`/),
    }
    for (const work of [
      () => getState(d),
      () => modifyState(d, () => {}),
      () => modifyState('token', d, () => {}),
      () => forgetTab(),
      () => forgetBrowser(),
      async () => hub.lock('token'),
    ])
      await expect<unknown>(work()).rejects.toMatchObject(refused)
    vi.unstubAllGlobals()
  })
})

describe('modifyState without a token', () => {
  it('changes the state of the calling tab, which shows it', async () => {
    const { fetched, done, tab, clock } = await open()
    fetched()
    expect(await done(modifyState(d, (s, held) => [held.token, (s.n += 1)]))).toEqual([tab.token, 8])
    await clock.advance(20)
    expect(tab.state(defined).n).toBe(8)
  })

  it('rejects with unknown-tab where the request does not tell, and outside one', async () => {
    const { done, cookieOf } = await open()
    const refused = { code: 'unknown-tab', message: expect.stringContaining('modifyState(token, definition, change)') }
    await expect(done(modifyState(d, () => {}))).rejects.toMatchObject(refused)
    asked({ cookie: cookieOf(browser) })
    await expect(done(modifyState(d, () => {}))).rejects.toMatchObject(refused)
  })

  it('changes nothing as a document is loaded, which any site can bring about; a form that is sent may', async () => {
    const { loaded, done, tab, headersOf } = await open()
    loaded()
    await expect(done(modifyState(d, () => {}))).rejects.toMatchObject({
      code: 'unknown-tab',
      message: expect.stringContaining('while a document loads'),
    })
    for (const [origin, host] of [
      ['null', 'shop.example'],
      ['https://evil.example', 'shop.example'],
    ] as const) {
      asked({ ...headersOf(`${mark.slice(0, 30)}${origin.length}`.slice(0, 32).padEnd(32, '0')), origin, host })
      await expect(done(modifyState(d, () => {}))).rejects.toMatchObject({ code: 'unknown-tab' })
    }
    asked({ ...headersOf('e'.repeat(32)), origin: 'https://shop.example', host: 'shop.example' })
    await done(modifyState(d, (s) => void (s.n = 50)))
    expect(await done(getState(d))).toMatchObject({ n: 50 })
    expect(tab.token).toHaveLength(32)
  })

  it('finds the tab among several cookies of the browser, of which another host has set one', async () => {
    const { done, cookieOf, signed } = await open()
    const caller = { [callerHeader]: writeCaller({ mark, signed }) }
    asked({ cookie: `${cookieOf(mark)}; ${cookieOf(browser)}`, ...caller })
    expect(await done(getState(d))).toEqual(written)
    asked({ cookie: `${cookieOf(mark)}; ${cookieOf(browser)}`, ...caller, 'x-forwarded-proto': 'https,http' })
    expect(await done(getState(d))).toEqual(first)
    asked({ cookie: `${cookieOf(mark)}; __Host-${cookieOf(browser)}`, ...caller, 'x-forwarded-proto': 'https,http' })
    expect(await done(getState(d))).toEqual(written)
  })

  it('rejects with missing-hub where none runs', async () => {
    await expect(modifyState(d, () => {})).rejects.toMatchObject({ code: 'missing-hub' })
  })
})

describe('the provider', () => {
  const painting = (states?: Parameters<typeof HeldStateProvider>[0]['states']) =>
    HeldStateProvider({ children: null, ...(states ? { states } : {}) }).props.painting

  it('hands over what the tab has saved: no private field, and no state that it has not', async () => {
    const { loaded, done } = await open()
    loaded()
    expect(await done(painting())).toEqual({ mark, views: { d: expect.anything() } })
    expect(JSON.stringify(await done(painting()))).not.toContain('written')
    expect(Object.keys((await done<Paint | undefined>(painting([other])))?.views ?? {})).toEqual([])
  })

  it('hands over nothing to a visitor', async () => {
    const { done, save } = await open()
    asked({})
    expect(await done(painting())).toBeUndefined()
    expect(save).not.toHaveBeenCalled()
  })

  it('renders the page with first values where the store fails, and says so', async () => {
    const { loaded, done, crash } = await open()
    crash()
    const complaints = vi.spyOn(console, 'error').mockImplementation(() => {})
    vi.spyOn(currentHub().store, 'read').mockImplementation(() => Promise.reject(new Error('the disk is gone')))
    loaded('d'.repeat(32))
    expect(await done(painting())).toBeUndefined()
    expect(complaints).toHaveBeenCalledOnce()
    vi.restoreAllMocks()
  })
})
