/** A coordinator in memory: does for its nodes what a redis does, by a clock and a delivery of messages that a test owns. */
import type { Clock } from '../base/clock.js'
import type { Coordinator, CoordinatorListener, Message } from '../cluster/coordinator.js'
import type { SavedOrSame, SavedTexts, Texts } from '../store/record.js'

interface TokenEntry {
  revision: number
  /** The id of the save that made this revision. */
  save: string
  texts: Texts
  owner: string | undefined
  fence: number
  /** The number of the claim by which the owner has it; 0 if the token was handed to it. */
  claim: number
  /** Nodes that wait for the token, in their order. */
  queue: readonly string[]
  readonly followers: Set<string>
  /** Nodes that have pages of the token. */
  readonly present: Set<string>
  /** Since when no node has one. */
  unattendedSince: number | undefined
}

interface Node {
  leaseEnd: number
  /** Until when it counts as alive without a connection. */
  trustEnd: number
  /** Missing while it has no connection. */
  listener: CoordinatorListener | undefined
}

export class MemoryCoordinatorState {
  readonly entries = new Map<string, TokenEntry>()
  readonly nodes = new Map<string, Node>()
  /** Tokens with tasks, by node. */
  readonly tasks = new Map<string, Set<string>>()
  /** Counts changes of owner over all tokens, so that no fence comes twice. */
  fences = 0
  readonly clock: Clock
  /** Carries a message to its node. */
  readonly deliver: (arrive: () => void) => void

  constructor(clock: Clock, deliver: (arrive: () => void) => void = (arrive) => clock.turn(arrive)) {
    this.clock = clock
    this.deliver = deliver
  }

  entry(token: string): TokenEntry {
    const known = this.entries.get(token)
    if (known) return known
    const entry: TokenEntry = {
      revision: 0,
      save: '',
      texts: {},
      owner: undefined,
      fence: 0,
      claim: 0,
      queue: [],
      followers: new Set(),
      present: new Set(),
      unattendedSince: undefined,
    }
    this.entries.set(token, entry)
    return entry
  }

  isAlive(node: string): boolean {
    return (this.nodes.get(node)?.leaseEnd ?? 0) > this.clock.now()
  }

  send(node: string, message: Message): void {
    this.deliver(() => this.nodes.get(node)?.listener?.onMessage(message))
  }

  tasksOf(node: string): Set<string> {
    const known = this.tasks.get(node) ?? new Set()
    this.tasks.set(node, known)
    return known
  }
}

export function memoryCoordinator(state: MemoryCoordinatorState): Coordinator {
  const { clock } = state
  /** Makes the first node in line that is alive the owner. */
  const grantNext = (token: string, entry: TokenEntry, claimer?: string) => {
    entry.queue = entry.queue.filter((node) => node === claimer || state.isAlive(node))
    const [next, ...others] = entry.queue
    entry.owner = next
    entry.claim = 0
    entry.queue = others
    if (next === undefined) return
    entry.fence = state.fences += 1
    entry.followers.delete(next)
    if (next !== claimer) state.send(next, { type: 'claim-again', token })
    if (others.length > 0) state.send(next, { type: 'handover-requested', token })
  }
  const forgetIfEmpty = (token: string, entry: TokenEntry) => {
    if (isEmpty(entry)) state.entries.delete(token)
  }
  const isOrphaned = ({ texts: { running = '[]' } }: TokenEntry) =>
    (JSON.parse(running) as { node: string }[]).some((run) => !state.isAlive(run.node))
  let joined: string | undefined
  return {
    join: async (node, listener) => {
      joined = node
      state.nodes.set(node, { leaseEnd: 0, trustEnd: 0, listener })
    },
    heartbeat: async (node, leaseMs, trustMs) => {
      const lapsed = !state.isAlive(node)
      const { listener } = state.nodes.get(node) ?? {}
      state.nodes.set(node, { leaseEnd: clock.now() + leaseMs, trustEnd: clock.now() + trustMs, listener })
      for (const [other, known] of state.nodes) {
        if (other === node || known.listener || !state.isAlive(other) || known.trustEnd > clock.now()) continue
        known.leaseEnd = 0
        for (const one of state.nodes.keys())
          if (state.isAlive(one)) state.send(one, { type: 'node-gone', node: other })
      }
      return { alive: [...state.nodes.keys()].filter((other) => state.isAlive(other)), lapsed }
    },
    leave: async (node) => {
      state.nodes.delete(node)
      for (const other of state.nodes.keys()) state.send(other, { type: 'node-gone', node })
    },
    claim: async (token, node, number, have) => {
      const entry = state.entry(token)
      if (entry.owner !== node && (entry.owner === undefined || !state.isAlive(entry.owner))) {
        if (!entry.queue.includes(node)) entry.queue = [...entry.queue, node]
        grantNext(token, entry, node)
        if (entry.owner === node) entry.claim = number
      } else if (entry.owner === node && number > entry.claim) {
        entry.fence = state.fences += 1
        entry.claim = number
      }
      if (entry.owner === node) {
        entry.queue = entry.queue.filter((other) => other !== node)
        entry.followers.delete(node)
        return {
          owned: true,
          fence: entry.fence,
          handoverRequested: entry.queue.length > 0,
          saved: savedSince(entry, have),
        }
      }
      if (!entry.queue.includes(node)) entry.queue = [...entry.queue, node]
      const owner = entry.owner as string
      state.send(owner, { type: 'handover-requested', token })
      return { owned: false, owner, leaseMs: (state.nodes.get(owner)?.leaseEnd ?? 0) - clock.now() }
    },
    save: async ({ id, token, node, fence, revision, writes, startedNodes, endedNodes }) => {
      const entry = state.entry(token)
      if (entry.owner !== node || entry.fence !== fence) return false
      if (entry.revision === revision) return entry.save === id
      if (entry.revision !== revision - 1) return false
      entry.revision = revision
      entry.save = id
      const texts = { ...entry.texts }
      for (const [key, text] of Object.entries(writes))
        if (text === null) delete texts[key]
        else texts[key] = text
      entry.texts = texts
      for (const other of startedNodes) state.tasksOf(other).add(token)
      for (const other of endedNodes) state.tasksOf(other).delete(token)
      for (const follower of [...entry.followers])
        if (state.isAlive(follower)) state.send(follower, { type: 'changed', token, revision, writes })
        else entry.followers.delete(follower)
      return true
    },
    release: async (token, node, follow, number) => {
      const entry = state.entry(token)
      if (entry.owner !== node || entry.claim > number) return
      if (follow) entry.followers.add(node)
      grantNext(token, entry)
      forgetIfEmpty(token, entry)
    },
    follow: async (token, node, have) => {
      const entry = state.entry(token)
      const owns = entry.owner === node
      if (!owns) entry.followers.add(node)
      return { saved: savedSince(entry, have), owns }
    },
    unfollow: async (token, node) => {
      const entry = state.entry(token)
      entry.followers.delete(node)
      forgetIfEmpty(token, entry)
    },
    setPresent: async (token, node, here) => {
      const entry = state.entry(token)
      const { present, followers, owner } = entry
      if (here) {
        entry.unattendedSince = undefined
        return void present.add(node)
      }
      if (!present.delete(node)) return
      const isLast = present.size === 0
      for (const other of present) if (!state.isAlive(other)) present.delete(other) // a node that is alive after all publishes it again
      forgetIfEmpty(token, entry)
      if (present.size > 0) return
      entry.unattendedSince = isLast ? clock.now() : undefined
      for (const other of [...followers, ...(owner === undefined ? [] : [owner])])
        if (other !== node && state.isAlive(other)) state.send(other, { type: 'last-page-left', token })
    },
    unattendedMs: async (token, node, disconnectRecheckMs) => {
      const entry = state.entry(token)
      if ([...entry.present].some((other) => other !== node && state.isAlive(other))) return undefined
      if (isEmpty(entry)) return 0
      entry.unattendedSince ??= clock.now() + disconnectRecheckMs
      return clock.now() - entry.unattendedSince
    },
    isAttended: async (token) => (state.entries.get(token)?.present.size ?? 0) > 0,
    read: async (token) => savedTexts(state.entry(token)),
    ofBrowser: async (browser) =>
      [...state.entries].filter(([, { texts }]) => texts.browser === JSON.stringify(browser)).map(([token]) => token),
    broadcast: async (node, text) => {
      for (const other of state.nodes.keys())
        if (other !== node && state.isAlive(other)) state.send(other, { type: 'broadcast', text })
    },
    drop: async (token, node, fence) => {
      const entry = state.entry(token)
      if (entry.owner !== node || entry.fence !== fence) return
      const isUsed = (other: string) => other !== node && state.isAlive(other)
      if ([...entry.followers, ...entry.present].some(isUsed)) return grantNext(token, entry)
      state.entries.delete(token)
      for (const other of entry.queue) state.send(other, { type: 'claim-again', token })
    },
    touch: async () => {},
    orphans: async (node, most) => {
      const taken: string[] = []
      for (const [other, tokens] of state.tasks)
        if (other !== node && !state.isAlive(other))
          for (const token of tokens) {
            if (taken.length >= most) return taken
            tokens.delete(token)
            if (!isOrphaned(state.entry(token))) continue
            state.tasksOf(node).add(token)
            taken.push(token)
          }
      return taken
    },
    close: async () => {
      const node = joined === undefined ? undefined : state.nodes.get(joined)
      if (node) node.listener = undefined
    },
  }
}

const savedTexts = ({ revision, texts }: TokenEntry): SavedTexts | undefined =>
  revision === 0 ? undefined : { revision, texts }

const savedSince = (entry: TokenEntry, have: number): SavedOrSame =>
  entry.revision === have ? 'same' : savedTexts(entry)

const isEmpty = ({ revision, owner, queue, followers, present }: TokenEntry) =>
  revision === 0 && owner === undefined && queue.length + followers.size + present.size === 0
