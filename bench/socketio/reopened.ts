/** A page of heldstate that opens in a tab with a state: with the token and the cookie that a browser would keep. */
import { randomBytes } from 'node:crypto'
import { socketWire } from '../../lib/dist/client/socket.js'
import { StateHandle } from '../../lib/dist/client/state-handle.js'
import { Tab } from '../../lib/dist/client/tab.js'
import type { Wire } from '../../lib/dist/client/wire.js'
import { signedBrowser } from '../../lib/dist/transport/browser-cookie.js'
import { Line } from '../jitter/line.js'
import { benchSecret, type List, list } from './definitions.js'

/** What the browser keeps of a tab. */
export interface Kept {
  readonly browser: string
  readonly signed?: string | undefined
}

export interface Page {
  readonly tab: Tab
  /** Bytes that came over its connection, its handshake included. */
  bytes(): number
  /** All that the hub has said. */
  heard(): string
}

/** A page that is not connected yet; `keep` is given the signed token of its tab. */
export function pageOf(port: number, { browser, signed }: Kept, keep: (signed: string) => void = () => {}): Page {
  const line = new Line()
  const cookie = `heldstate=${signedBrowser(browser, Date.now(), benchSecret)}`
  const wire = socketWire(`http://127.0.0.1:${port}`, {
    forceNew: true,
    transports: ['websocket'],
    extraHeaders: { cookie },
    agent: line as unknown as string, // Socket.IO's types leave out what its documentation has for Node
  })
  const heard: unknown[] = []
  const listened: Wire = {
    ...wire,
    start: (listener) =>
      wire.start({
        ...listener,
        message: (name, args) => {
          heard.push(args)
          listener.message(name, args)
        },
      }),
  }
  const tab = new Tab({ wire: listened, identity: { claim: async () => signed, keep, forget: () => {} } })
  return { tab, bytes: () => line.bytes.down, heard: () => JSON.stringify(heard) }
}

export interface Opened {
  readonly kept: Kept
  readonly token: string
  bytes(): number
  close(): void
}

/** Resolves when the mirror shows the list as `isShown` wants it. */
export async function openTab(port: number, given: Partial<Kept>, isShown: (state: List) => boolean): Promise<Opened> {
  const { browser = randomBytes(16).toString('hex') } = given
  let { signed = '' } = given
  const { tab, bytes } = pageOf(port, { browser, signed: given.signed }, (kept) => {
    signed = kept
  })
  const handle = new StateHandle(list, tab.own)
  await new Promise<void>((resolve) => {
    tab.mirror.subscribe((mirror) => {
      if (mirror.status === 'live' && isShown(handle.snapshot(mirror) as unknown as List)) resolve()
    })
    tab.start()
  })
  return {
    kept: { browser, signed },
    token: signed.split('.')[0] as string,
    bytes,
    close: () => tab.stop(),
  }
}
