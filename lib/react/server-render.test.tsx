// @vitest-environment happy-dom
import { type ReactNode, StrictMode } from 'react'
import { renderToString } from 'react-dom/server'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { defineState } from '../doors/authors.js'
import { useConnection, useServerState } from '../doors/react.js'
import { stub } from '../state/stub.js'
import { openPage } from './page.fixture.js'

const defined = defineState('d', () => ({ n: 3, tags: new Map([['a', new Date(0)]]), nothing: undefined }))
  .private(() => ({ secret: 'hidden' }))
  .computed({ double: (s) => s.n * 2 })
  .tasks((background) => ({ work: background(async ({ sleep }) => sleep(100)) }))
  .events((on) => ({
    add: on((s) => {
      s.n += 1
    }),
  }))

/** What pages import, in the browser and while rendering on the server. */
const d = stub(JSON.parse(JSON.stringify(defined.manifest))) as typeof defined

let complaints: unknown[][] = []

beforeEach(() => {
  complaints = []
  vi.spyOn(console, 'error').mockImplementation((...given) => void complaints.push(given))
})

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  document.body.replaceChildren()
})

/** Renders as a server does, where there is no window. */
function onServer(node: ReactNode): string {
  vi.stubGlobal('window', undefined)
  try {
    return renderToString(node)
  } finally {
    vi.unstubAllGlobals()
  }
}

function Everything() {
  const { n, double, tags, work } = useServerState(d)
  const size = useServerState(d, (s) => s.tags.size)
  return (
    <p>
      {[useConnection().status, n, double, tags.get('a')?.getTime(), size, work.running, String(work.error)].join(' ')}
    </p>
  )
}
const first = '<p>connecting 3 6 0 1 0 null</p>'

describe('on the server', () => {
  it('first values of fields and computed values, idle tasks and connecting are rendered', () => {
    expect(onServer(<Everything />)).toBe(first)
  })

  it('the object has the names that it will have in the browser, and none of a private field', () => {
    let names: string[] = []
    const Names = () => {
      names = Object.keys(useServerState(d))
      return null
    }
    onServer(<Names />)
    expect(names.sort()).toEqual(['add', 'double', 'n', 'nothing', 'tags', 'work'])
  })

  it('no tab is made and no connection is opened', () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] })
    const page = openPage([defined])
    const start = vi.spyOn(page.tab.wire, 'start')
    const watch = vi.spyOn(page.tab.tab.own, 'watch')
    onServer(<Everything />)
    vi.runAllTimers()
    expect(start).not.toHaveBeenCalled()
    expect(watch).not.toHaveBeenCalled()
  })

  it('an event, a start and a cancel fail, while rendering and after it, and say where they belong', async () => {
    let calls: (() => Promise<unknown>)[] = []
    const Eager = ({ at }: { at?: number }) => {
      const { add, work } = useServerState(d)
      calls = [add, () => work.start(), work.cancel]
      if (at !== undefined) void calls[at]?.()
      return null
    }
    const refusal = expect.objectContaining({
      code: 'called-while-rendering',
      message: expect.stringContaining('or call it in an effect'),
    })
    for (const at of [0, 1, 2]) expect(() => onServer(<Eager at={at} />)).toThrow(refusal)
    onServer(<Eager />)
    for (const call of calls) await expect(call()).rejects.toEqual(refusal)
    expect(calls).toHaveLength(3)
  })
})

describe('hydration', () => {
  it.each([
    ['', (node: ReactNode) => node],
    [' in StrictMode', (node: ReactNode) => <StrictMode>{node}</StrictMode>],
  ])('takes over what was rendered without a warning%s, then shows what the hub holds', async (_, wrap) => {
    const page = openPage([defined])
    const { recovered } = await page.hydrate(onServer(<Everything />), wrap(<Everything />))
    expect(page.container.innerHTML).toBe(first)
    await page.live()
    await page.done(() => page.tab.state(d).add())
    expect(page.text()).toBe('live 4 8 0 1 0 null')
    expect([...complaints, ...recovered]).toEqual([])
  })

  it('of a page whose tab is live and ahead shows first values first, without a warning', async () => {
    const page = openPage([defined])
    page.tab.connect()
    await page.clock.settle()
    await page.tab.watch(d)
    await page.done(() => page.tab.state(d).add())
    const renders: string[] = []
    const Watched = () => {
      const shown = `${useServerState(d).n} ${useServerState(d, (s) => s.double)} ${useConnection().status}`
      renders.push(shown)
      return shown
    }
    const { recovered } = await page.hydrate(onServer(<Watched />), <Watched />)
    expect(renders).toEqual(['3 6 connecting', '3 6 connecting', '4 8 live'])
    expect([...complaints, ...recovered]).toEqual([])
  })
})
