/**
 * Messages of which a part has arrived. It takes memory until the rest comes, and that may be never. All of them together have a bound; above
 * it, the address that holds most of it is cut off.
 */
import { getHeapStatistics } from 'node:v8'
import type { Clock } from '../base/clock.js'
import { processLimits } from '../base/server-limits.js'

/** What the engine has of a connection, as far as it is looked at here. */
export interface Receiving {
  readonly id: string
  readonly transport?: {
    readonly socket?: {
      /** Of `ws`: bytes of a frame that is not whole, and of the frames before it of the same message. */
      readonly _receiver?: { readonly _bufferedBytes: number; readonly _messageLength: number }
      terminate(): void
    }
  }
}

interface Core {
  readonly clock: Clock
  /** All that are open. */
  connections(): Iterable<Receiving>
  addressOf(id: string): string | undefined
  /** Connections of an address were cut off. */
  cut(address: string, connections: number): void
}

export class PartialMessages {
  private readonly core: Core
  private readonly bytesLimit: number
  private cancel: (() => void) | undefined

  constructor(core: Core, bytesLimit = getHeapStatistics().heap_size_limit * processLimits.unfinishedOfHeap) {
    this.core = core
    this.bytesLimit = bytesLimit
  }

  /** There is a connection: from now on it looks, until there is none. */
  begin(): void {
    this.cancel ??= this.core.clock.after(processLimits.unfinishedEveryMs, () => {
      this.cancel = undefined
      if (this.look() > 0) this.begin()
    })
  }

  close(): void {
    this.cancel?.()
  }

  /** How many connections there are. */
  private look(): number {
    let count = 0
    let sum = 0
    let held: Receiving[] | undefined
    for (const connection of this.core.connections()) {
      count += 1
      const bytes = bytesOf(connection)
      if (bytes === 0) continue
      sum += bytes
      held ??= []
      held.push(connection)
    }
    if (held && sum > this.bytesLimit) this.makeRoom(held, sum)
    return count
  }

  private makeRoom(held: readonly Receiving[], sum: number): void {
    const addresses = new Map<string, { bytes: number; connections: Receiving[] }>()
    for (const connection of held) {
      const address = this.core.addressOf(connection.id) ?? ''
      const known = addresses.get(address) ?? { bytes: 0, connections: [] }
      known.bytes += bytesOf(connection)
      known.connections.push(connection)
      addresses.set(address, known)
    }
    let left = sum
    for (const [address, { bytes, connections }] of [...addresses].sort(([, a], [, b]) => b.bytes - a.bytes)) {
      if (left <= this.bytesLimit) return
      for (const { transport } of connections) transport?.socket?.terminate()
      this.core.cut(address, connections.length)
      left -= bytes
    }
  }
}

function bytesOf({ transport }: Receiving): number {
  const receiver = transport?.socket?._receiver
  return receiver ? receiver._bufferedBytes + receiver._messageLength : 0
}
