/** A page for tests of the hooks: a real hub and a real tab over a loopback, and a place in the document to render into. */
import { transferableAbortController } from 'node:util'
import { act, type ReactNode } from 'react'
import { createRoot, hydrateRoot } from 'react-dom/client'
import type { Json } from '../base/encode.js'
import type { Definition } from '../state/definition.js'
import { done } from '../testing/await.fixture.js'
import { type TestKit, TestTab, testHub } from '../testing/kit.js'
import { setPageTab } from './tab.js'

/** React asks for this before it believes that `act` is meant. */
;(globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true

/** The hub is server code, and Node knows only its own signals; a simulated document brings others along. */
const { constructor: NodeAbortController, signal } = transferableAbortController()
Object.assign(globalThis, { AbortController: NodeAbortController, AbortSignal: signal.constructor })

export const openPage = (definitions: readonly Definition[]) => pageOf(testHub(definitions))

/** A page of a hub that runs already; with `before`, the reload of a page. */
export function pageOf(kit: TestKit, before?: TestTab) {
  const { hub, clock } = kit
  const tab = new TestTab(hub, clock, 'browser', before?.signedToken, false, before?.stored)
  const sent = recorded(tab)
  setPageTab(tab.tab)
  const container = document.createElement('div')
  document.body.append(container)
  const text = () => container.textContent
  /** Lets React show whatever `work` brings about. */
  const acting = <T>(work: () => Promise<T>) => act(work)
  return {
    ...kit,
    kit,
    tab,
    /** What went up, batches unpacked. */
    sent,
    container,
    text,
    acting,
    show: async (node: ReactNode) => {
      const root = createRoot(container)
      await act(async () => root.render(node))
      return root
    },
    /** Takes over what a server has rendered. `recovered` are differences that React had to mend. */
    hydrate: async (html: string, node: ReactNode) => {
      container.innerHTML = html
      const recovered: unknown[] = []
      const onRecoverableError = (error: unknown) => void recovered.push(error)
      await act(async () => {
        hydrateRoot(container, node, { onRecoverableError })
      })
      return { recovered }
    },
    click: async (selector: string) => {
      await acting(async () => {
        container.querySelector<HTMLElement>(selector)?.click()
        await clock.settle()
      })
    },
    done: <T>(work: () => Promise<T>) => acting(() => done(clock, work())),
    advance: (ms: number) => acting(() => clock.advance(ms)),
    /** Components connect a moment after they are mounted; this waits for it. */
    live: () =>
      acting(async () => {
        while (tab.connection !== 'live') {
          await new Promise((resolve) => setTimeout(resolve))
          await clock.settle()
        }
      }),
  }
}

function recorded({ wire }: TestTab): Json[][] {
  const sent: Json[][] = []
  const send = wire.send.bind(wire)
  wire.send = (name, ...args) => {
    if (name === 'batch') sent.push(...(args[0] as Json[][]))
    else sent.push([name, ...args])
    send(name, ...args)
  }
  return sent
}
