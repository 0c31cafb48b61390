/**
 * The wire over Socket.IO. Recovery is ours, by revision: Socket.IO only connects, reconnects and carries messages. It is
 * loaded apart, so that a server that renders pages never holds it.
 */
import type { ManagerOptions, Socket } from 'socket.io-client'
import { socketPath } from '../protocol/path.js'
import type { Wire, WireListener } from './wire.js'

type Client = typeof import('socket.io-client')

const load = (): Promise<Client> => import('socket.io-client')

/** In a page it is on its way before the first component is mounted. */
let early = typeof window === 'undefined' ? undefined : load()
early?.catch(() => {}) // whoever starts a wire hears of it

/** `url` is that of the hub, in a page its own origin; `options` are Socket.IO's. */
export function socketWire(url = '', options: Partial<ManagerOptions> = {}): Wire {
  let listening: WireListener | undefined
  let socket: Socket | undefined
  let restarting: ReturnType<typeof setTimeout> | undefined
  const restart = (again: () => void) => {
    clearTimeout(restarting)
    restarting = setTimeout(again, 300 + Math.random() * 700)
  }
  const begin = (listener: WireListener) => {
    const loading = early ?? load()
    early = undefined
    loading.then(
      ({ io }) => {
        if (listening === listener && !socket) socket = open(io, listener)
      },
      () => {
        if (listening !== listener) return
        listener.closed(isOffline())
        restart(() => begin(listener))
      },
    )
  }
  const open = (io: Client['io'], listener: WireListener) => {
    const opened = io(url, {
      path: socketPath,
      transports: ['websocket', 'polling'],
      tryAllTransports: true,
      reconnectionDelay: 300,
      reconnectionDelayMax: 5_000,
      ...options,
      auth: (answer) => void listener.hello().then(answer),
    })
    opened.onAny((name: string, ...args: unknown[]) => listener.message(name, args))
    opened.on('connect_error', () => listener.closed(isOffline()))
    opened.on('disconnect', (reason) => {
      listener.closed(isOffline())
      if (reason === 'io server disconnect') restart(() => opened.connect()) // the one end after which Socket.IO gives up
    })
    return opened
  }
  return {
    start: (listener) => {
      listening = listener
      begin(listener)
    },
    send: (name, ...args) => void socket?.emit(name, ...args),
    stop: () => {
      listening = undefined
      clearTimeout(restarting)
      socket?.disconnect()
      socket = undefined
    },
  }
}

/** Only a browser knows, and only when it is sure. */
const isOffline = () => (globalThis as { navigator?: { onLine?: boolean } }).navigator?.onLine === false
