/** Tabs of the crowd: the real tab of heldstate over a lean connection, or a lean connection alone. */
import { systemClock } from '../../lib/dist/base/clock.js'
import { Retry } from '../../lib/dist/client/retry.js'
import { StateHandle } from '../../lib/dist/client/state-handle.js'
import { Tab } from '../../lib/dist/client/tab.js'
import type { Wire } from '../../lib/dist/client/wire.js'
import { socketPath } from '../../lib/dist/protocol/path.js'
import { signedBrowser } from '../../lib/dist/transport/browser-cookie.js'
import { bench, benchSecret } from '../socketio/definitions.js'
import { LeanSocket } from './lean-socket.js'

export interface Member {
  /** It is live for the first time. */
  readonly live: Promise<void>
  /** Cuts its connection, and resolves when it is live over another one. */
  cut(): Promise<void>
  /** The counter after one more event, as its page shows it. */
  add(): Promise<number>
}

const cookieOf = (browser: number) =>
  `heldstate=${signedBrowser(browser.toString(16).padStart(32, '0'), Date.now(), benchSecret)}`

/** For both sides, the time to connect again is heldstate's own. */
const retrying = (connect: () => void) =>
  new Retry(systemClock, Math.random, { asleep: () => false, onWake: () => () => {} }, connect)

function leanWire(port: number, cookie: string): Wire & { cut(): void } {
  let socket: LeanSocket | undefined
  let open = () => {}
  const retry = retrying(() => open())
  return {
    start: (listener) => {
      open = () => {
        const opened = new LeanSocket(port, socketPath, cookie, {
          opened: () => void listener.hello().then((hello) => opened.send(`40${JSON.stringify(hello)}`)),
          event: (name, args) => listener.message(name, args),
          closed: () => listener.closed(false, retry.failed()),
        })
        socket = opened
      }
      open()
    },
    send: (name, ...args) => socket?.send(`42${JSON.stringify([name, ...args])}`),
    welcomed: () => retry.succeeded(),
    cut: () => socket?.cut(),
    stop: () => {
      retry.stop()
      socket?.cut()
    },
  }
}

export function heldMember(port: number, browser: number): Member {
  const wire = leanWire(port, cookieOf(browser))
  let signed: string | undefined
  const tab = new Tab({
    wire,
    identity: {
      claim: async () => signed,
      keep: (kept) => {
        signed = kept
      },
      forget: () => {
        signed = undefined
      },
    },
  })
  const handle = new StateHandle(bench, tab.own)
  const becomes = (status: 'live' | 'reconnecting') =>
    new Promise<void>((resolve) => {
      const unsubscribe = tab.mirror.subscribe((mirror) => {
        if (mirror.status !== status) return
        unsubscribe()
        resolve()
      })
    })
  const live = becomes('live')
  tab.start()
  return {
    live,
    cut: async () => {
      const lost = becomes('reconnecting')
      wire.cut()
      await lost
      await becomes('live')
    },
    add: async () => {
      await tab.call('bench', 'add', [1])
      return (handle.snapshot(tab.mirror.getState()) as { counter: number }).counter
    },
  }
}

export function bareMember(port: number, browser: number): Member {
  const cookie = cookieOf(browser)
  let socket: LeanSocket | undefined
  let welcomed = () => {}
  const isWelcomed = () =>
    new Promise<void>((resolve) => {
      welcomed = resolve
    })
  const retry = retrying(() => open())
  const open = () => {
    const opened = new LeanSocket(port, '/socket.io', cookie, {
      opened: () => opened.send('40'),
      event: () => {
        retry.succeeded()
        welcomed()
      },
      closed: () => void retry.failed(),
    })
    socket = opened
  }
  const live = isWelcomed()
  open()
  return {
    live,
    cut: () => {
      const back = isWelcomed()
      socket?.cut()
      return back
    },
    add: async () => 0,
  }
}
