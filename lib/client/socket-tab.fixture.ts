/** A tab over a real socket to a real hub, which keeps its token and sees itself as one browser. */
import type { Socket } from 'node:net'
import 'socket.io-client' // looks at its surroundings once, before a test changes them
import { expect, vi } from 'vitest'
import type { Limits } from '../base/limits.js'
import { defineState } from '../doors/authors.js'
import type { ClientView } from '../doors/react.js'
import { cookieOf, listening } from '../transport/server.fixture.js'
import { socketWire } from './socket.js'
import { StateHandle } from './state-handle.js'
import { Tab } from './tab.js'

export const d = defineState('d', () => ({ n: 0 })).events((on) => ({
  add: on((s, by: number) => {
    s.n += by
  }),
}))

let cleanUp: (() => unknown)[] = []

export const atEnd = (end: () => unknown) => void cleanUp.push(end)

/** Ends all that was opened: after each test. */
export async function closeAll(): Promise<void> {
  for (const end of cleanUp.reverse()) await end()
  cleanUp = []
}

export const soon = <T>(look: () => T) => vi.waitFor(look, { timeout: 10_000, interval: 5 })

export async function openTab(limits: Partial<Limits> = {}) {
  const served = await listening([d], { limits })
  atEnd(served.close)
  const sockets = new Set<Socket>()
  served.server.on('connection', (socket) => void sockets.add(socket))
  let signed: string | undefined
  const identity = { claim: async () => signed, keep: (token: string) => void (signed = token), forget: () => {} }
  const extraHeaders = { cookie: cookieOf('ab'.repeat(16)) }
  const reports: string[] = []
  const wire = socketWire(served.url, { extraHeaders, forceNew: true } as object)
  let ends = 0
  const tab = new Tab({
    wire: {
      ...wire,
      start: (listener) =>
        wire.start({
          ...listener,
          closed: (offline, waiting) => {
            ends += 1
            listener.closed(offline, waiting)
          },
        }),
    },
    identity,
    report: ({ message }) => void reports.push(message),
  })
  atEnd(() => tab.stop())
  const handle = new StateHandle(d, tab.own)
  const seen: string[] = []
  tab.mirror.subscribe(({ status }) => {
    if (seen.at(-1) !== status) seen.push(status)
  })
  const now = () => handle.snapshot(tab.mirror.getState()) as ClientView<typeof d>
  /** A status may be over before anybody looks; that it was there stays. */
  const saw = (...expected: string[]) => soon(() => expect(seen.slice(0, expected.length)).toEqual(expected))
  const watchers = () => served.hub.instance((signed as string).slice(0, 32)).watchers
  return { ...served, sockets, tab, now, seen, saw, watchers, reports, ends: () => ends }
}
