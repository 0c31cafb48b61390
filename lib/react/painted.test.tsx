// @vitest-environment happy-dom
import { type ReactNode, Suspense } from 'react'
import { renderToReadableStream } from 'react-dom/server.edge'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { encode, type Json } from '../base/encode.js'
import { defineState } from '../doors/authors.js'
import { useServerState } from '../doors/react.js'
import type { Paint } from '../protocol/paint.js'
import { stub } from '../state/stub.js'
import { openPage } from './page.fixture.js'
import { Painted } from './painted.js'
import { setPageTab } from './tab.js'

const defined = defineState('d', () => ({ n: 3, tags: new Map([['a', 1]]) }))
  .computed({ double: (s) => s.n * 2 })
  .tasks((background) => ({ work: background(async ({ sleep }) => sleep(100)) }))
  .events((on) => ({
    add: on((s) => {
      s.n += 1
    }),
  }))
const d = stub(JSON.parse(JSON.stringify(defined.manifest))) as typeof defined

const running = { running: 1, waiting: 0, progress: null, note: null, error: null, outcome: null }
const view = encode({ n: 8, tags: new Map([['a', 2]]), double: 16, work: running })
/** Each time as it comes to one side: server and browser have copies of their own. */
const paint = (views: Record<string, Json> = { d: view }): Paint => ({ mark: 'own', views })

let renders: string[] = []
let complaints: unknown[][] = []

beforeEach(() => {
  renders = []
  complaints = []
  vi.spyOn(console, 'error').mockImplementation((...given) => {
    if (!`${given[0]}`.includes('multiple renderers')) complaints.push(given) // here one module serves both sides
  })
})
afterEach(() => {
  vi.restoreAllMocks()
  document.body.replaceChildren()
})

function Shows() {
  const { n, double, tags, work } = useServerState(d)
  const size = useServerState(d, (s) => s.n * 100)
  const shown = [n, double, tags.get('a'), work.running, size].join(' ')
  renders.push(shown)
  return shown
}

const page = (given: Promise<Paint | undefined>): ReactNode => (
  <Suspense>
    <Painted painting={given}>
      <Shows />
    </Painted>
  </Suspense>
)

async function onServer(node: ReactNode): Promise<string> {
  vi.stubGlobal('window', undefined)
  try {
    const stream = await renderToReadableStream(node)
    await stream.allReady
    return await new Response(stream).text()
  } finally {
    vi.unstubAllGlobals()
    renders = []
  }
}

const first = '3 6 1 0 300'
const painted = '8 16 2 1 800'
const text = (html: string) => html.replaceAll(/<[^>]*>/g, '')

it('the server renders what it was handed over, and first values for a state that is not among it', async () => {
  const shown = async (given?: Paint) => text(await onServer(page(Promise.resolve(given))))
  expect(await shown(paint())).toBe(painted)
  expect(await shown(paint({}))).toBe(first)
  expect(await shown()).toBe(first)
})

it('the browser goes on with it, without a warning and without first values, until the hub has spoken', async () => {
  const html = await onServer(page(Promise.resolve(paint())))
  const { hydrate, live, done, tab } = openPage([defined])
  setPageTab(tab.tab, (mark) => mark === 'own')
  const { recovered } = await hydrate(html, page(Promise.resolve(paint())))
  expect(new Set(renders)).toEqual(new Set([painted]))
  await live()
  expect(renders.at(-1)).toBe(first) // what this hub holds
  await done(() => tab.state(d).add())
  expect([...new Set(renders)]).toEqual([painted, first, '4 8 1 0 400'])
  expect([...complaints, ...recovered]).toEqual([])
})

it('what was rendered for another tab is taken over without a warning, and is gone at once', async () => {
  const html = await onServer(page(Promise.resolve(paint())))
  const { hydrate, container } = openPage([defined])
  const { recovered } = await hydrate(html, page(Promise.resolve(paint())))
  expect(container.textContent).toBe(first)
  expect([...complaints, ...recovered]).toEqual([])
})
