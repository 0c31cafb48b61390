/**
 * The store as one process sees it. After `die()` that process does nothing more to it: what it still asks for never comes,
 * as after `kill -9`, so a test can start the next hub over the same store. With `slow`, a save takes its time before and
 * after it is kept, and the process may die at either side.
 */
import { after } from '../base/eventually.js'
import type { Shared, StateStore, Stored } from '../store/store.js'

export interface MortalStore extends StateStore {
  die(): void
}

export interface MortalOptions {
  /** Resolves after a while. */
  slow?(): Promise<void>
  /** Called when a save is kept, before the caller knows. */
  kept?(token: string, next: Stored): void
  /** Throws the error of a save that fails, before it is kept or after. */
  fails?(when: 'before' | 'after'): void
}

export function mortalStore(store: StateStore, options: MortalOptions = {}): MortalStore {
  let dead = false
  const { slow, kept = () => {}, fails = () => {} } = options
  const never = new Promise<never>(() => {})
  const alive = <T>(act: () => T): T | Promise<never> => (dead ? never : act())
  const keep = (token: string, next: Stored) => after(store.save(token, next), () => kept(token, next))
  const slowly = async (token: string, next: Stored) => {
    await slow?.()
    if (dead) return never
    fails('before')
    await keep(token, next)
    await slow?.()
    if (dead) return never
    fails('after')
  }
  const { shared } = store
  return {
    ...(store.open && { open: async () => alive(() => store.open?.()) }),
    ...(shared && { shared: mortalShared(shared, alive) }),
    ...(store.inMemory && { inMemory: true }),
    ...(store.bytes && { bytes: () => store.bytes?.() ?? 0 }),
    load: (token) => alive(() => store.load(token)),
    read: (token) => alive(() => store.read(token)),
    save: (token, next) => alive(() => (slow ? slowly(token, next) : keep(token, next))),
    drop: (token) => alive(() => store.drop(token)),
    ...(store.unload && { unload: async (token, retainMs) => alive(() => store.unload?.(token, retainMs)) }),
    ...(store.unused && { unused: async (inUse, retainMs) => alive(() => store.unused?.(inUse, retainMs)) ?? [] }),
    ...(store.ofBrowser && { ofBrowser: async (browser) => alive(() => store.ofBrowser?.(browser)) ?? [] }),
    ...(store.orphans && { orphans: async () => alive(() => store.orphans?.()) ?? [] }),
    close: () => {},
    die: () => {
      dead = true
    },
  }
}

function mortalShared(shared: Shared, alive: <T>(act: () => T) => T | Promise<never>): Shared {
  const { node, leaseMs, retainMs } = shared
  return {
    node,
    leaseMs,
    retainMs,
    isAlive: (other) => shared.isAlive(other),
    listen: (ears, retainMs) => shared.listen(ears, retainMs),
    owns: (token) => shared.owns(token),
    release: async (token, follow) => alive(() => shared.release(token, follow)),
    follow: async (token) => alive(() => shared.follow(token)),
    unfollow: async (token) => alive(() => shared.unfollow(token)),
    setPresent: (token, here) => void alive(() => shared.setPresent(token, here)),
    broadcast: async (word) => alive(() => shared.broadcast(word)),
    isAttended: async (token) => alive(() => shared.isAttended(token)),
    unattendedMs: async (token) => alive(() => shared.unattendedMs(token)),
  }
}
