/** Brings about the errors with which a server refuses a connection or a message, over real sockets. */
import { io } from 'socket.io-client'
import { onTestFinished, vi } from 'vitest'
import type { ErrorCode } from '../lib/base/errors.js'
import { closeAll, openTab, soon } from '../lib/client/socket-tab.fixture.js'
import { defineState } from '../lib/doors/authors.js'
import type { HubOptions } from '../lib/doors/server.js'
import { socketPath } from '../lib/protocol/path.js'
import { protocolVersion } from '../lib/protocol/version.js'
import { endsIn } from '../lib/testing/ends.fixture.js'
import { testHub } from '../lib/testing/kit.js'
import { cookieOf, listening } from '../lib/transport/server.fixture.js'
import type { Cause } from './error-causes.fixture.js'

const states = ['cart', 'wishes'].map((id) =>
  defineState(id, () => ({ n: 0 })).events((on) => ({
    add: on((s) => {
      s.n += 1
    }),
  })),
)
const hello = { version: protocolVersion, page: 'a'.repeat(32), subscriptions: [[0, 'tab', ['cart']]] }

/** A server, at which pages can knock that are none of the library's. */
async function serving(options: HubOptions = {}) {
  const served = await listening(states, options)
  onTestFinished(served.close)
  return {
    ...served,
    /** The code in the answer to a page that opens a connection. */
    answer: async (headers: Readonly<Record<string, string>> = {}) => {
      const response = await fetch(`${served.url}${socketPath}/?EIO=4&transport=polling`, { headers })
      const text = await response.text()
      return /"code":"([a-z-]+)"/.exec(text)?.[1] ?? text
    },
    /** A page, and the failures that it receives. */
    page: (auth: object = hello, extraHeaders: Readonly<Record<string, string>> = {}) => {
      const socket = io(served.url, {
        path: socketPath,
        transports: ['websocket'],
        auth,
        extraHeaders,
        forceNew: true,
        reconnection: false,
      })
      onTestFinished(() => void socket.disconnect())
      const said: unknown[][] = []
      socket.onAny((...message) => void said.push(message))
      return { socket, told: (name: string) => soon(() => messageOf(said, name)), said }
    },
  }
}

function messageOf(said: readonly unknown[][], name: string): unknown[] {
  const message = said.find(([first]) => first === name)
  if (!message) throw new Error(`no message "${name}" has come, but ${JSON.stringify(said)}`)
  return message
}

/** With which a page is dismissed. */
const dismissed = async (page: { told(name: string): Promise<unknown[]> }) => (await page.told('bye'))[1]

export const networkCauses: Partial<Record<ErrorCode, Cause>> = {
  'invalid-message': {
    says: 'A page asks to watch a state that it watches already.',
    run: async () => {
      const { socket, told, said } = (await serving()).page()
      await told('w')
      socket.emit('watch', 0, 1, 'cart')
      return soon(() => said.flatMap(endsIn).find(([id]) => id === 1)?.[1] ?? Promise.reject(said))
    },
  },
  'invalid-token': {
    says: 'The browser lost its cookie and has got another one',
    run: async () => {
      const { page } = await serving()
      const [before, after] = ['ab', 'cd'].map((browser) => ({ cookie: cookieOf(browser.repeat(16)) }))
      const [, token] = await page(hello, before).told('hi')
      return dismissed(page({ ...hello, token }, after))
    },
  },
  'no-cookie': {
    says: 'The page came back after a lost connection or a reload, and its browser had no cookie of this app',
    run: async () => {
      const { page, lines } = await serving()
      const [, token] = await page().told('hi')
      const code = await dismissed(page({ ...hello, token }))
      return lines.some((line) => line.includes("sameSite: 'none'")) ? code : lines
    },
  },
  'origin-not-allowed': {
    says: "The page's origin and the `Host` header that reaches the server are not the same",
    run: async () => {
      const proxied = { origin: 'https://example.org', 'x-forwarded-proto': 'https' }
      const { answer } = await serving({ origins: ['https://other.example'] })
      const { answer: allowed } = await serving({ origins: ['https://example.org'] })
      const codes = [await answer(proxied), await allowed(proxied)]
      return codes[1] === 'origin-not-allowed' ? 'also with `origins`' : codes[0]
    },
  },
  'other-app': {
    says: 'A page of one app has reached the hub of another, behind the same address.',
    run: async () => {
      const { hub, page } = await serving()
      hub.registry.app = '/#1a2b3c4d'
      return dismissed(page({ ...hello, app: '/shop#5e6f7a8b' }))
    },
  },
  'protocol-version': {
    says: 'The page and the server speak different versions of the protocol.',
    run: async () => dismissed((await serving()).page({ ...hello, version: protocolVersion + 1 })),
  },
  'too-many-connections': {
    says: 'The hub has as many connections as its bound `connections` allows',
    limits: { connections: 1 },
    run: async ({ limits }) => {
      const { answer, page } = await serving({ limits })
      await page().told('w')
      return answer()
    },
  },
  'too-many-handshakes': {
    says: '`useConnection().reason` is this code meanwhile',
    limits: { handshakesPerSecond: 1, handshakeBurst: 1 },
    run: async ({ limits }) => {
      onTestFinished(closeAll)
      const warned = vi.spyOn(console, 'warn').mockImplementation(() => {})
      onTestFinished(() => warned.mockRestore())
      const { tab, url } = await openTab(limits)
      await fetch(`${url}${socketPath}/?EIO=4&transport=polling`)
      tab.start()
      return soon(() => tab.mirror.getState().waiting?.reason ?? Promise.reject('not refused'))
    },
  },
  'too-many-states': {
    says: 'A page watches as many states as the bound `watchedStates` allows',
    limits: { watchedStates: 1 },
    run: async ({ limits }) => {
      const { socket, told, said } = (await serving({ limits })).page()
      await told('w')
      socket.emit('watch', 0, 1, 'wishes')
      return soon(() => said.flatMap(endsIn).find(([id]) => id === 1)?.[1] ?? Promise.reject(said))
    },
  },
  'too-many-tabs': {
    says: 'One address opened new tabs faster than the bounds `newTabsPerSecond` and `newTabsBurst` allow',
    limits: { newTabsPerSecond: 1, newTabsBurst: 2 },
    run: async ({ limits }) => {
      const { page } = await serving({ limits })
      for (const letter of ['a', 'b']) await page({ ...hello, page: letter.repeat(32) }).told('w')
      return dismissed(page({ ...hello, page: 'c'.repeat(32) }))
    },
  },
  'unknown-address': {
    says: 'has asked for another one',
    run: async () => {
      const { open, done } = testHub(states)
      const { tab } = await open()
      return done(tab.open('another').call('cart', 'add', []))
    },
  },
}
