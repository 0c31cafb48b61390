import { afterEach, expect, it, vi } from 'vitest'
import { defineState } from '../../doors/authors.js'
import { setSlot } from '../../hub/process-hub.js'
import { TestClock } from '../../testing/clock.js'
import { testHub } from '../../testing/kit.js'
import { Jobs } from './jobs.js'
import { GET } from './route.js'

const key = 'the key'
const url = 'http://a/api/heldstate'

afterEach(() => {
  setSlot(undefined)
  vi.unstubAllGlobals()
})

/** Leads requests to the route itself; `cookies` are those that the route was asked with. */
function served(answer?: () => Promise<Response>) {
  const cookies: (string | null)[] = []
  vi.stubGlobal('fetch', async (to: string, init: RequestInit) => {
    const request = new Request(to, init)
    cookies.push(new Headers(init.headers).get('cookie'))
    return answer ? answer() : GET(request)
  })
  const jobs = new Jobs({ key, clock: new TestClock(), url: () => url })
  const d = defineState('d', () => ({ n: 0 })).events((on) => ({
    inside: on({ request: true }, async (s, by: number) => {
      await Promise.resolve()
      if (by < 0) throw new Error('no')
      s.n += by
    }),
    plain: on((s) => {
      s.n += 100
    }),
  }))
  const kit = testHub([d], { inRequest: (work, given) => jobs.run(work, given) })
  setSlot({ hub: kit.hub, routeKey: key, takeJob: (id) => jobs.take(id) })
  return { ...kit, d, jobs, cookies }
}

it('an event that asks for it runs inside a request to the route, with the cookies of its page; others do not', async () => {
  const { open, done, d, cookies, jobs } = served()
  const tab = await open()
  await tab.watch(d)
  await done(tab.state(d).plain())
  expect(cookies).toEqual([])
  await done(tab.state(d).inside(5))
  expect(tab.state(d).n).toBe(105)
  expect(cookies).toEqual([null])
  expect(await jobs.run(async () => 'made', 'a=1')).toBe('made')
  expect(cookies).toEqual([null, 'a=1'])
})

it('what it throws reaches the caller, and nothing of it is kept', async () => {
  const { open, done, d } = served()
  const tab = await open()
  await tab.watch(d)
  await expect(done(tab.state(d).inside(-1))).rejects.toMatchObject({ code: 'handler-failed' })
  expect(tab.state(d).n).toBe(0)
})

it.each([
  ['redirects', async () => new Response(null, { status: 307 }), 'it answers 307'],
  ['does not answer', () => Promise.reject(new TypeError('failed', { cause: new Error('refused') })), 'refused'],
])('where something %s, the call fails and says so, and the event has not run', async (_, answer, why) => {
  const { open, done, d } = served(answer)
  const tab = await open()
  await tab.watch(d)
  const call = done(tab.state(d).inside(5))
  await expect(call).rejects.toMatchObject({ code: 'registry-unreachable', message: expect.stringContaining(why) })
  expect(tab.state(d).n).toBe(0)
})

it('a job runs once, and only for who has the key', async () => {
  const { jobs } = served()
  const work = vi.fn(async () => {})
  vi.stubGlobal('fetch', async (to: string, init: RequestInit) => {
    const stranger = new Headers(init.headers)
    stranger.delete('x-heldstate-key')
    expect((await GET(new Request(to, { headers: stranger }))).status).toBe(404)
    await GET(new Request(to, init))
    return GET(new Request(to, init))
  })
  await jobs.run(work, undefined)
  expect(work).toHaveBeenCalledOnce()
})
