/**
 * The wire over Socket.IO. Recovery is ours, by revision, and so is the time to
 * reconnect: Socket.IO only connects and carries messages. It is
 * loaded apart, so that a server that renders pages never holds it.
 */
import type { ManagerOptions, Socket } from 'socket.io-client'
import { systemClock } from '../base/clock.js'
import { pageLimits } from '../base/limits.js'
import { consoleLog } from '../base/log.js'
import { heldApp } from '../protocol/heldstate-app.js'
import { Parts, partName } from '../protocol/parts.js'
import { lineQuestion, socketPath, zoneSuffix } from '../protocol/path.js'
import { ConnectionProbe } from './connection-probe.js'
import { arrive, interceptor, leave } from './interceptor.js'
import { type Refusal, refusalIn } from './refusal.js'
import { Retry, thisPage } from './retry.js'
import type { Wire, WireListener } from './wire.js'

type Client = typeof import('socket.io-client')

const load = (): Promise<Client> => import('socket.io-client')

/** In a page it is on its way before the first component is mounted. */
let early = typeof window === 'undefined' ? undefined : load()
early?.catch(() => {}) // the caller that starts a wire gets the error

const { zone, id } = heldApp
const where = zone ? { path: `${zone}${socketPath}${zoneSuffix}`, addTrailingSlash: false } : { path: socketPath }

const settings: Partial<ManagerOptions> = {
  ...where,
  transports: ['websocket', 'polling'],
  tryAllTransports: true,
  reconnection: false, // `Retry` knows when the page sleeps
}

/** `url` is that of the hub, in a page its own origin; `options` are Socket.IO's. */
export function socketWire(url = '', options: Partial<ManagerOptions> = {}): Wire {
  let listening: WireListener | undefined
  let socket: Socket | undefined
  const failed = (refusal?: Refusal, asked = false) => {
    if (refusal) warnOfRefusal(refusal)
    listening?.closed(isOffline(), retry.failed(refusal), asked)
  }
  const retry = new Retry(systemClock, Math.random, thisPage(), () => {
    if (interceptor.between?.refuses()) failed()
    else if (socket) socket.connect()
    else if (listening) begin(listening)
  })
  const begin = (listener: WireListener) => {
    const loading = early ?? load()
    early = undefined
    loading.then(
      ({ io }) => {
        if (listening === listener && !socket) socket = open(io, listener)
      },
      () => {
        if (listening === listener) failed()
      },
    )
  }
  const open = (io: Client['io'], listener: WireListener) => {
    const opened = io(url, {
      ...settings,
      ...options,
      auth: (answer) => void listener.hello().then((hello) => answer({ ...hello, parts: 1, ...(id && { app: id }) })),
    })
    const parts = new Parts()
    line = lineOf(opened)
    const hear = (name: string, args: unknown[]) => {
      line?.heard()
      const [whole, ...given] = name === partName ? (parts.add(args) ?? []) : [name, ...args]
      if (whole !== undefined) listener.message(whole, given)
    }
    opened.onAny((name: string, ...args: unknown[]) => arrive(name, args, () => hear(name, args)))
    interceptor.cut = () => opened.io.engine.close()
    interceptor.retry = () => listening && !opened.connected && retry.now()
    noteSilence(opened, () => listening?.unanswered?.())
    opened.on('connect', () => {
      interceptor.between?.opened()
      parts.clear()
      retry.connected()
      if (opened.io.engine.transport.name === 'polling') warnOfPolling()
    })
    opened.on('connect_error', (error) => failed(refusalIn(error)))
    opened.on('disconnect', (reason) => {
      interceptor.between?.closed()
      line?.close()
      failed(undefined, reason.startsWith('io '))
    })
    return opened
  }
  let line: ConnectionProbe | undefined
  let unheed = () => {}
  return {
    start: (listener) => {
      listening = listener
      unheed = onDoubt(() => socket?.connected && line?.doubt())
      begin(listener)
    },
    send: (name, ...args) => {
      leave(name, args, () => socket?.emit(name, ...args))
      line?.sent()
    },
    welcomed: () => retry.succeeded(),
    spread: (ms) => retry.spread(ms),
    retry: () => {
      if (listening && !socket?.connected) retry.now()
    },
    reconnect: () => {
      socket?.disconnect()
      if (listening) retry.now()
    },
    stop: () => {
      listening = undefined
      retry.stop()
      unheed()
      socket?.disconnect()
      socket = undefined
    },
  }
}

/** Calls `note` unless the first connection opens soon. */
function noteSilence({ io }: Socket, note: () => void): void {
  io.once(
    'open',
    systemClock.after(pageLimits.unansweredMs, () => isOffline() || note()),
  )
}

/** Cuts the connection when the hub does not answer a question on it. */
function lineOf(socket: Socket): ConnectionProbe {
  const ask = (answered: () => void) =>
    leave(lineQuestion, [], () => socket.emit(lineQuestion, () => arrive(lineQuestion, [], answered)))
  return new ConnectionProbe(systemClock, ask, () => socket.disconnect())
}

/**
 * Calls `look` when the browser says that the network has gone or is back, and when the page is seen again after a while. Where the
 * host is not `localhost`, Engine.IO closes the connection at once when the network has gone. There, the server may be on
 * this machine, or behind a tunnel that has gone.
 */
function onDoubt(look: () => void): () => void {
  const { addEventListener, removeEventListener, document } = globalThis as Partial<typeof globalThis>
  const seen = () => document?.visibilityState === 'visible' && look()
  for (const name of doubts) addEventListener?.(name, look)
  document?.addEventListener('visibilitychange', seen)
  return () => {
    for (const name of doubts) removeEventListener?.(name, look)
    document?.removeEventListener('visibilitychange', seen)
  }
}

const doubts = ['offline', 'online', 'pageshow'] as const

let warned = false

/** Once in a page, and only its developer. */
function warnOfPolling(): void {
  if (warned || process.env.NODE_ENV === 'production') return
  warned = true
  consoleLog.warn(
    'WebSocket unavailable; using long polling, which is slower. A proxy or a browser extension may be removing the Upgrade header.',
  )
}

let refused: string | undefined

/** Once in a row, and only its developer. */
function warnOfRefusal({ code, message }: Refusal): void {
  if (refused === code || process.env.NODE_ENV === 'production') return
  refused = code
  consoleLog.warn(`The server rejected the connection of this page; retrying: ${message} (${code})`)
}

/** Only a browser knows, and only when it is sure. */
const isOffline = () => (globalThis as { navigator?: { onLine?: boolean } }).navigator?.onLine === false
