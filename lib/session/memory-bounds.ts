/** What all pages of a process may take of its memory: each bound is a part of the limit of its heap. */
import { getHeapStatistics } from 'node:v8'
import { processLimits } from '../base/server-limits.js'
import { Unread } from './backpressure.js'
import { Inboxes } from './read-control.js'
import { ReplayMemory } from './replay-memory.js'

export class MemoryBounds {
  /** Of what pages were sent and have not read. */
  readonly unread: Unread
  /** Bounds the memory of all replay windows. */
  readonly windows: ReplayMemory
  /** Of calls that wait. */
  readonly inboxes: Inboxes
  /** Bytes of states. */
  readonly states: number
  /** Bytes of starts of tasks that wait. */
  readonly waitingStarts: number

  constructor(heapBytes: number = getHeapStatistics().heap_size_limit) {
    this.unread = new Unread(heapBytes * processLimits.unreadOfHeap)
    this.windows = new ReplayMemory(heapBytes * processLimits.windowsOfHeap)
    this.inboxes = new Inboxes(heapBytes * processLimits.inboxOfHeap)
    this.states = heapBytes * processLimits.statesOfHeap
    this.waitingStarts = heapBytes * processLimits.waitingOfHeap
  }
}
