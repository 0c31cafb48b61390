/** The coordinator in a redis: each operation is one script, so one round trip. */
import type { Clock } from '../../base/clock.js'
import { HeldStateError } from '../../base/errors.js'
import type { Log } from '../../base/log.js'
import { processLimits } from '../../base/server-limits.js'
import type { SavedOrSame, SavedTexts, Texts } from '../../store/record.js'
import type { Coordinator, Message } from '../coordinator.js'
import type { Reply } from './client.js'
import { type Bounds, RedisConnection } from './connection.js'
import { SavePipeline } from './save-pipeline.js'
import type { Script } from './script.js'
import * as scripts from './scripts.js'
import { checkRedis } from './server-check.js'

export interface RedisCoordinatorOptions {
  /** `redis://user:password@host:port/number`, or `rediss://` for TLS. */
  readonly url: string
  /** The prefix of every key and channel. */
  readonly prefix: string
  readonly clock: Clock
  readonly log: Log
  readonly bounds?: { readonly [K in keyof Bounds]?: number }
}

export function redisCoordinator({ url, prefix, clock, log, bounds }: RedisCoordinatorOptions): Coordinator {
  const where = hostOf(url)
  const link = new RedisConnection({ url, where, clock, log, bounds })
  const run = (script: Script, node: string, ...args: (string | number)[]) =>
    link.run(script, [], [prefix, node, ...args.map(String)])
  const runOn = (script: Script, token: string, node: string, ...args: (string | number)[]) =>
    link.run(script, [`${prefix}t:${token}`], [prefix, node, ...args.map(String)])
  const saves = new SavePipeline(link, prefix, clock)
  /** Counts the leases of this process. */
  let lease = 0
  /** The number of the last answer with orphans. */
  let given = 0
  return {
    join: (node, listener) =>
      link.open({
        channel: `${prefix}n:${node}`,
        onMessage: (text) => listener.onMessage(readMessage(text)),
        onReconnected: () => listener.onMessagesLost(),
        onReachable: (reachable) => listener.onReachable?.(reachable),
        check: (command, first) => checkRedis(command, { first, where, prefix, log, scripts: scripts.scripts }),
      }),
    heartbeat: async (node, leaseMs, trustMs) => {
      const reply = await run(scripts.heartbeat, node, leaseMs, lease, lease + 1, leaseMs - trustMs)
      const [lapsed, alive] = reply as [number, string[]]
      if (lapsed === 1) lease += 1
      return { alive, lapsed: lapsed === 1 }
    },
    leave: async (node) => {
      if (link.isUp) await run(scripts.leave, node)
    },
    claim: async (token, node, number, have, retainMs) => {
      const reply = (await runOn(scripts.claim, token, node, have, retainMs, number)) as Reply[]
      if (reply[0] === 0) return { owned: false, owner: reply[1] as string, leaseMs: reply[2] as number }
      return { owned: true, fence: Number(reply[1]), handoverRequested: reply[2] === 1, saved: readKnown(reply[3]) }
    },
    save: (save) => saves.add(save),
    release: async (token, node, follow, number) => {
      await runOn(scripts.release, token, node, follow ? 1 : 0, number)
    },
    follow: async (token, node, have, retainMs) => {
      const [holds, known] = (await runOn(scripts.follow, token, node, have, retainMs)) as Reply[]
      return { owns: holds === 1, saved: readKnown(known) }
    },
    unfollow: async (token, node) => {
      await runOn(scripts.unfollow, token, node)
    },
    setPresent: async (token, node, here, retainMs) => {
      await runOn(scripts.setPresent, token, node, here ? 1 : 0, retainMs)
    },
    unattendedMs: async (token, node, disconnectRecheckMs) =>
      ((await runOn(scripts.unattendedMs, token, node, disconnectRecheckMs)) as number | null) ?? undefined,
    isAttended: async (token) => (await runOn(scripts.isAttended, token, '')) === 1,
    ofBrowser: async (browser) => (await run(scripts.ofBrowser, '', JSON.stringify(browser))) as string[],
    broadcast: async (node, text) => {
      await run(scripts.broadcast, node, text)
    },
    read: async (token) => readKnown(await runOn(scripts.read, token, '')) as SavedTexts | undefined,
    drop: async (token, node, fence) => {
      await runOn(scripts.drop, token, node, fence)
    },
    touch: async (tokens, retainMs) => {
      const size = processLimits.tokensAtOnce
      const stretches = Array.from({ length: Math.ceil(tokens.length / size) }, (_, index) =>
        tokens.slice(index * size, (index + 1) * size),
      )
      await Promise.all(stretches.map((stretch) => run(scripts.touch, '', retainMs, ...stretch)))
    },
    orphans: async (node, most) => {
      const [number, ...tokens] = (await run(scripts.orphans, node, most, given)) as string[]
      given = Number(number)
      return tokens
    },
    close: async () => link.close(),
  }
}

/** Host and port of a url, for messages: the rest of it is secret. */
export function hostOf(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (!parsed || !['redis:', 'rediss:'].includes(parsed.protocol))
    throw new HeldStateError(
      'store-misconfigured',
      'Expected a Redis URL such as redis://host:port, or rediss://host:port for TLS.',
    )
  return `${parsed.hostname || 'localhost'}:${parsed.port || '6379'}`
}

function readKnown(reply: Reply): SavedOrSame {
  if (reply === 'same') return 'same'
  if (!Array.isArray(reply)) return undefined
  const texts: Record<string, string> = {}
  let revision = 0
  for (let index = 0; index < reply.length; index += 2) {
    const [key, text]: string[] = [reply[index], reply[index + 1]]
    if (key === '!r') revision = Number(text)
    else if (key?.startsWith('=')) texts[key.slice(1)] = text as string
  }
  return { revision, texts: texts satisfies Texts }
}

/** As the scripts publish it. */
type RedisMessage =
  | [type: 'wanted' | 'granted' | 'alone', token: string]
  | [type: 'gone', node: string]
  | [type: 'word', text: string]
  | [type: 'changed', token: string, revision: string, ...writes: [key: string, text?: string][]]

function readMessage(json: string): Message {
  const published = JSON.parse(json) as RedisMessage
  switch (published[0]) {
    case 'wanted':
      return { type: 'handover-requested', token: published[1] }
    case 'granted': // in the scripts, and from processes of earlier versions
      return { type: 'claim-again', token: published[1] }
    case 'changed': {
      const [type, token, revision, ...writes] = published
      const entries = writes.map(([key, text]) => [key.slice(1), text ?? null] as const)
      return { type, token, revision: Number(revision), writes: Object.fromEntries(entries) }
    }
    case 'alone':
      return { type: 'last-page-left', token: published[1] }
    case 'gone':
      return { type: 'node-gone', node: published[1] }
    case 'word':
      return { type: 'broadcast', text: published[1] }
  }
}
