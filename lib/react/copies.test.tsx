// @vitest-environment happy-dom
/** What several copies of the library do in one page. */
import { createElement } from 'react'
import { afterEach, expect, it, vi } from 'vitest'
import { defineState } from '../doors/authors.js'
import { useServerState } from '../doors/react.js'
import { openPage } from './page.fixture.js'

const d = defineState('d', () => ({ n: 1 })).events((on) => ({
  add: on((s) => {
    s.n += 1
  }),
}))

afterEach(() => {
  document.body.replaceChildren()
  vi.doUnmock('../base/version.js')
})

/** The hook of a further copy, of the version that is given or of the same. */
async function copy(version?: string): Promise<typeof useServerState> {
  vi.resetModules()
  vi.doMock('react', () => import('react')) // an app has one React in any case
  if (version) vi.doMock('../base/version.js', () => ({ version }))
  return (await import('./use-server-state.js')).useServerState
}

it('two of the same version share one connection and one state', async () => {
  const useOther = await copy()
  expect(useOther).not.toBe(useServerState)
  const page = openPage([d])
  const Page = () =>
    createElement('button', { type: 'button', onClick: useServerState(d).add }, useServerState(d).n, ' ', useOther(d).n)
  await page.show(createElement(Page))
  await page.live()
  await page.click('button')
  expect(page.text()).toBe('2 2')
})

it('another version is refused by name', async () => {
  const useOther = await copy('0.0.1')
  const page = openPage([d])
  await expect(page.show(createElement(() => useOther(d).n))).rejects.toMatchObject({
    code: 'version-mismatch',
    message: expect.stringMatching(/^heldstate 0\.1\.\d+ and heldstate 0\.0\.1 are both in this page/),
  })
})
