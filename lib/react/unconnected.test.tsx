// @vitest-environment happy-dom
import { act } from 'react'
import { createRoot } from 'react-dom/client'
import { expect, it, vi } from 'vitest'
import { defineState } from '../doors/authors.js'
import { useConnection } from './use-connection.js'
import { useServerState } from './use-server-state.js'

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true })
const counter = defineState('counter', () => ({ n: 7 })).events((on) => ({
  add: on((s) => void (s.n += 1)),
  quick: on({ optimistic: true }, (s) => void (s.n += 5)),
  live: on({ whenOffline: 'reject' }, () => {}),
}))

it('a page without a server shows first values and what optimistic events show, its calls wait, and it opens no line', async () => {
  const said = vi.spyOn(console, 'info').mockImplementation(() => {})
  vi.stubEnv('NODE_ENV', 'development')
  await import('../doors/unconnected.js')
  vi.unstubAllEnvs()
  expect(said).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('No server in this page'))
  const sockets = vi.spyOn(globalThis, 'WebSocket')
  const ends: string[] = []
  let view: ReturnType<typeof useServerState<typeof counter>> | undefined
  function Counter() {
    view = useServerState(counter)
    return `${view.n} ${useConnection().status}`
  }
  const element = document.createElement('div')
  const root = createRoot(element)
  await act(async () => root.render(<Counter />))
  await act(async () => new Promise((resolve) => setTimeout(resolve)))
  expect(element.textContent).toBe('7 connecting')
  await act(async () => {
    void view?.add().then(() => ends.push('add'))
    void view?.quick().then(() => ends.push('quick'))
    await view?.live().catch(({ code }) => ends.push(code))
  })
  expect([element.textContent, ends]).toEqual(['12 connecting', ['offline']])
  expect(sockets).not.toHaveBeenCalled()
  await act(async () => root.unmount())
})
