/** The server side of `bench/stores/stores.ts`: a hub over one store, which the first argument names. */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { HubRuntime } from '../../lib/dist/hub/hub.js'
import { socketPath } from '../../lib/dist/protocol/path.js'
import { diskStore } from '../../lib/dist/store/disk/store.js'
import { memoryStore } from '../../lib/dist/store/memory.js'
import { TokenRecord } from '../../lib/dist/store/record.js'
import type { StateStore, Stored } from '../../lib/dist/store/store.js'
import { attachSocketIo } from '../../lib/dist/transport/socketio.js'
import { answering, load } from '../child.js'
import { bench, list } from '../socketio/definitions.js'

const [kind = 'memory', dir = ''] = process.argv.slice(2)

/** Bytes of keys and texts that saves gave to the store. */
let given = 0
let counting = false
const records = new Map<string, TokenRecord>()

function counted(store: StateStore): StateStore {
  return {
    ...store,
    save: (token: string, next: Stored) => {
      if (counting) {
        const { record, writes } = (records.get(token) ?? TokenRecord.empty).to(next)
        records.set(token, record)
        for (const [key, text] of Object.entries(writes))
          given += Buffer.byteLength(key) + Buffer.byteLength(text ?? '')
      }
      return store.save(token, next)
    },
  }
}

const store = kind === 'memory' ? memoryStore() : diskStore({ dir, survives: kind === 'disk' ? 'process' : 'power' })
const all = { handshakesPerSecond: 10_000, handshakeBurst: 100_000, newTabsPerSecond: 10_000, newTabsBurst: 100_000 }
const hub = new HubRuntime({ store: counted(store), limits: all })
hub.registry.add(bench, list)
const server = createServer()
attachSocketIo(hub, server, { path: socketPath })

/** Bytes that this process has caused to be written to a disk; Linux counts them. */
function written(): number {
  try {
    return Number(/^write_bytes: (\d+)/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1])
  } catch {
    return Number.NaN
  }
}

answering({
  port: async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return (server.address() as AddressInfo).port
  },
  load,
  written: async () => {
    await sleep(1_500) // until it is in the file as well
    return written()
  },
  given: (count: boolean) => {
    const so = given
    given = 0
    counting = count
    return so
  },
})
