/** Clients of the benchmarks: a bare Socket.IO client, and the real tab of heldstate. Both do the same jobs. */
import type { Definition } from 'heldstate'
import { io, type Socket } from 'socket.io-client'
import { socketWire } from '../../lib/dist/client/socket.js'
import { StateHandle } from '../../lib/dist/client/state-handle.js'
import { Tab } from '../../lib/dist/client/tab.js'
import type { Wire } from '../../lib/dist/client/wire.js'

export interface Client {
  /** One event with its answer. */
  add(definition: string, by: number): Promise<unknown>
  /** Runs a background counter and resolves when its last value is here. */
  count(rounds: number, changes: number): Promise<void>
  /** Resolves when its counter is here that the server has changed so many times more. */
  pushed(changes: number): Promise<void>
  close(): void
}

/** Ready when its first values are here, as a page of heldstate is; a silent one is sent none. */
export async function bareClient(port: number, silent = false): Promise<Client> {
  const socket: Socket = io(`http://127.0.0.1:${port}`, {
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
    auth: { silent },
  })
  await new Promise<void>((resolve) => socket.on(silent ? 'connect' : 'w', () => resolve()))
  let seen = 0
  let arrived = () => {}
  let goal = 0
  socket.on('d', (counter: number) => {
    seen = counter
    if (seen === goal) arrived()
  })
  return {
    add: (definition, by) => new Promise((resolve) => socket.emit('add', definition, by, resolve)),
    count: (rounds, changes) => {
      goal = rounds * changes
      return new Promise((resolve) => {
        arrived = resolve
        socket.emit('count', rounds, changes)
      })
    },
    pushed: (changes) => {
      goal = seen + changes
      return new Promise((resolve) => {
        arrived = resolve
      })
    },
    close: () => void socket.disconnect(),
  }
}

export interface HeldClient extends Client {
  /** Bytes of the messages that came, as Socket.IO wrote them. */
  bytes(): number
  call(definition: string, member: string, ...args: unknown[]): Promise<void>
  cancel(definition: string, task: string): Promise<void>
}

/** `definitions` are watched from the start. */
export async function heldClient(port: number, definitions: readonly Definition[]): Promise<HeldClient> {
  const wire = socketWire(`http://127.0.0.1:${port}`, { forceNew: true, transports: ['websocket'] })
  let bytes = 0
  let counting = false
  const counted: Wire = {
    ...wire,
    start: (listener) =>
      wire.start({
        ...listener,
        message: (name, args) => {
          if (counting) bytes += `42${JSON.stringify([name, ...args])}`.length
          listener.message(name, args)
        },
      }),
  }
  const tab = new Tab({ wire: counted, identity: { claim: async () => undefined, keep: () => {}, forget: () => {} } })
  const handles = new Map(definitions.map((definition) => [definition.id, new StateHandle(definition, tab.own)]))
  const live = new Promise<void>((resolve) => tab.mirror.subscribe(({ status }) => status === 'live' && resolve()))
  tab.start()
  await live
  const shown = () => handles.get('bench')?.snapshot(tab.mirror.getState()) as { counter: number }
  const reaches = (goal: number) =>
    new Promise<void>((resolve) => {
      const unsubscribe = tab.mirror.subscribe(() => {
        if (shown().counter < goal) return
        unsubscribe()
        resolve()
      })
    })
  return {
    bytes: () => {
      counting = true // costs time, so only once somebody has asked
      return bytes
    },
    call: async (definition, member, ...args) => void (await tab.call(definition, member, args)),
    cancel: async (definition, task) => void (await tab.own.cancel(definition, task)),
    add: async (definition, by) => void (await tab.call(definition, 'add', [by])),
    count: async (rounds, changes) => {
      const arrived = reaches(shown().counter + rounds * changes)
      await tab.call('bench', 'count', [rounds, changes])
      await arrived
    },
    pushed: (changes) => reaches(shown().counter + changes),
    close: () => tab.stop(),
  }
}
