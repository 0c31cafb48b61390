/** The wire over Socket.IO. Recovery is ours, by revision: Socket.IO only connects, reconnects and carries messages. */
import { io, type ManagerOptions, type Socket } from 'socket.io-client'
import { socketPath } from '../protocol/path.js'
import type { Wire } from './wire.js'

/** `url` is that of the hub, in a page its own origin; `options` are Socket.IO's. */
export function socketWire(url = '', options: Partial<ManagerOptions> = {}): Wire {
  let socket: Socket | undefined
  let restarting: ReturnType<typeof setTimeout> | undefined
  const restart = () => {
    clearTimeout(restarting)
    restarting = setTimeout(() => socket?.connect(), 300 + Math.random() * 700)
  }
  return {
    start: (listener) => {
      socket = io(url, {
        path: socketPath,
        transports: ['websocket', 'polling'],
        tryAllTransports: true,
        reconnectionDelay: 300,
        reconnectionDelayMax: 5_000,
        ...options,
        auth: (answer) => void listener.hello().then(answer),
      })
      socket.onAny((name: string, ...args: unknown[]) => listener.message(name, args))
      socket.on('connect_error', () => listener.closed(isOffline()))
      socket.on('disconnect', (reason) => {
        listener.closed(isOffline())
        if (reason === 'io server disconnect') restart() // the one end after which Socket.IO does not try again
      })
    },
    send: (name, ...args) => void socket?.emit(name, ...args),
    stop: () => {
      clearTimeout(restarting)
      socket?.disconnect()
      socket = undefined
    },
  }
}

/** Only a browser knows, and only when it is sure. */
const isOffline = () => (globalThis as { navigator?: { onLine?: boolean } }).navigator?.onLine === false
