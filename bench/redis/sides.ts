/**
 * The two sides of the redis benchmark. Both take events of tokens, and both acknowledge one only when its change is kept.
 * The naive way is what one writes first: a lock by SET NX, GET, SET, DEL. Ours is a real hub with a page that watches each
 * token: a call goes through the session, and its answer comes with the delta that shows the change.
 */
import { randomUUID } from 'node:crypto'
import { createClient } from 'redis'
import type { HubRuntime } from '../../lib/dist/hub/hub.js'
import { protocolVersion } from '../../lib/dist/protocol/version.js'

/** One tab, or what stands for it. */
export interface Token {
  /** Adds one to the counter; done when that is kept. */
  add(): Promise<unknown>
  change(row: number, name: string): Promise<unknown>
}

interface Content {
  counter: number
  text?: string
  rows?: { name: string }[]
}

/** How events of one token wait for each other: in the process, or by asking redis for the lock until it is free. */
export type Waiting = 'mutex' | 'retry'

export type NaiveClient = Awaited<ReturnType<typeof naiveClient>>

/**
 * The client that the store uses as well. By itself it makes a timer for each command, which costs it more than all the rest;
 * the store switches that off, having a bound of its own, and whoever knows can do the same.
 */
export const naiveClient = (url: string, timers: boolean) =>
  createClient({ url, RESP: 2, ...(timers ? {} : { commandOptions: { timeout: 0 } }) }).connect()

export async function naiveToken(redis: NaiveClient, first: Content, waiting: Waiting): Promise<Token> {
  const [key, lock] = [`naive:${randomUUID()}`, `naive:lock:${randomUUID()}`]
  await redis.set(key, JSON.stringify(first))
  const event = async (change: (state: Content) => void) => {
    while ((await redis.set(lock, '1', { NX: true, PX: 10_000 })) === null)
      await new Promise((resolve) => setTimeout(resolve, 1))
    try {
      const state = JSON.parse((await redis.get(key)) as string) as Content
      change(state)
      await redis.set(key, JSON.stringify(state))
    } finally {
      await redis.del(lock)
    }
  }
  let last: Promise<void> = Promise.resolve()
  const inTurn = (change: (state: Content) => void) => {
    last = last.then(() => event(change))
    return last
  }
  const run = waiting === 'mutex' ? inTurn : event
  return {
    add: () =>
      run((state) => {
        state.counter += 1
      }),
    change: (index, name) =>
      run(({ rows = [] }) => {
        const row = rows[index]
        if (row) row.name = name
      }),
  }
}

/** Calls of one tab at a time. */
const inFlightMost = 64

/** A new tab that watches one state; it takes messages as they would come from a socket. */
export async function heldToken(hub: HubRuntime, definition: string): Promise<Token> {
  // no Map: one that is written for each event leaves more to collect than the rest of a tab
  const calls: ({ resolve(): void; reject(reason: unknown): void } | undefined)[] = []
  let welcomed = () => {}
  const welcome = new Promise<void>((resolve) => {
    welcomed = resolve
  })
  const send = (name: string, ...args: unknown[]) => {
    if (name === 'w') return welcomed()
    const ends = name === 'd' ? (args as unknown[][]).flatMap(([, , , , settled = []]) => settled) : []
    for (const settled of ends as [id: number, ...failure: unknown[]][]) {
      const [id, ...failure] = settled
      const call = calls[id % inFlightMost]
      calls[id % inFlightMost] = undefined
      if (failure.length > 0) call?.reject(new Error(String(failure)))
      else call?.resolve()
    }
  }
  const page = randomUUID().replaceAll('-', '')
  const session = hub.connect(
    { send, close: () => {} },
    { version: protocolVersion, page, subscriptions: [[0, 'tab', [definition]]] },
    'bench',
  )
  await welcome
  let id = 0
  const call = (member: string, ...args: unknown[]) => {
    id += 1
    return new Promise<void>((resolve, reject) => {
      calls[id % inFlightMost] = { resolve, reject }
      session.receive('call', [0, id, definition, member, args])
    })
  }
  return { add: () => call('add', 1), change: (row, name) => call('change', row, name) }
}

/** The same hub asked by server code: no page, no delta. */
export function calledToken(hub: HubRuntime, definition: string): Token {
  const token = randomUUID().replaceAll('-', '')
  const page = randomUUID().replaceAll('-', '')
  let id = 0
  const call = async (member: string, ...args: unknown[]) => {
    id += 1
    await hub.call({ token, definition, member, args, name: { page, id } })
  }
  return { add: () => call('add', 1), change: (row, name) => call('change', row, name) }
}
