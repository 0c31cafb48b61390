/** The wire over Socket.IO. Recovery is ours, by revision: Socket.IO only connects, reconnects and carries messages. */
import { io, type Socket } from 'socket.io-client'
import { socketPath } from '../protocol/path.js'
import type { Wire } from './wire.js'

export function socketWire(): Wire {
  let socket: Socket | undefined
  let restarting: ReturnType<typeof setTimeout> | undefined
  const restart = () => {
    clearTimeout(restarting)
    restarting = setTimeout(() => socket?.connect(), 300 + Math.random() * 700)
  }
  return {
    start: (listener) => {
      socket = io({
        path: socketPath,
        transports: ['websocket', 'polling'],
        tryAllTransports: true,
        reconnectionDelay: 300,
        reconnectionDelayMax: 5_000,
        auth: (answer) => void listener.hello().then(answer),
      })
      socket.onAny((name: string, ...args: unknown[]) => listener.message(name, args))
      socket.on('connect_error', () => listener.closed(!navigator.onLine))
      socket.on('disconnect', (reason) => {
        listener.closed(!navigator.onLine)
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
