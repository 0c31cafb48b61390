/** A page of React in a process of its own, with the hooks of the library and a simulated document. */
import { Window } from 'happy-dom'
import { createElement } from 'react'
import type { Paint } from '../../lib/dist/protocol/paint.js'
import { answering } from '../child.js'
import { list } from './definitions.js'
import { type Kept, pageOf } from './reopened.js'

const window = new Window({ url: 'http://localhost/' })
Object.assign(globalThis, { window, document: window.document, HTMLIFrameElement: window.HTMLIFrameElement })

const { createRoot } = await import('react-dom/client')
const { Painted } = await import('../../lib/dist/react/painted.js')
const { setPageTab } = await import('../../lib/dist/react/tab.js')
const { useServerState } = await import('../../lib/dist/react/use-server-state.js')

function LastRow() {
  return useServerState(list, ({ rows }) => rows.at(-1)?.name)
}

interface Reload {
  readonly port: number
  readonly kept: Kept
  /** What the document has. */
  readonly paint: Paint
}

answering({
  /** What is shown first and at last, and how many bytes, and copies of the last row, came over the socket. */
  reload: async ({ port, kept, paint }: Reload) => {
    const { tab, bytes, heard } = pageOf(port, kept)
    setPageTab(tab, (mark) => mark === paint.mark)
    const place = window.document.createElement('div')
    const root = createRoot(place as unknown as Element)
    root.render(createElement(Painted, { painting: Promise.resolve(paint), children: createElement(LastRow) }))
    while (place.textContent === '') await pause()
    const first = place.textContent
    while (tab.mirror.getState().status !== 'live') await pause()
    await pause()
    const last = place.textContent
    const came = { bytes: bytes(), times: heard().split(first).length - 1 }
    tab.stop()
    return { first, last, ...came }
  },
})

const pause = () => new Promise<void>((resolve) => setTimeout(resolve, 10))
