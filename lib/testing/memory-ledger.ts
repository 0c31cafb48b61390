/** A ledger in memory: what a redis does for its nodes, by a clock that a test owns. It also says how messages travel. */
import type { Clock } from '../base/clock.js'
import type { Ledger, Listener, Message } from '../cluster/coordinator.js'
import type { Kept, Known, Texts } from '../store/record.js'

interface Page {
  revision: number
  /** The id of the save that made this revision. */
  save: string
  texts: Texts
  holder: string | undefined
  fence: number
  /** Nodes that wait for it, the first first. */
  line: readonly string[]
  readonly followers: Set<string>
  /** Nodes with pages of it, in a browser. */
  readonly attended: Set<string>
  /** Since when there are none. */
  aloneSince: number | undefined
}

interface Node {
  leaseEnd: number
  /** Until when it lives though it hears no messages. */
  trustEnd: number
  /** None while it has no connection. */
  listener: Listener | undefined
}

export class Book {
  readonly pages = new Map<string, Page>()
  readonly nodes = new Map<string, Node>()
  /** Tokens with tasks, by node. */
  readonly tasks = new Map<string, Set<string>>()
  /** Rises with each change of holder of any page, so that no fence comes twice. */
  fences = 0
  readonly clock: Clock
  /** Takes a message to its node. */
  readonly carry: (deliver: () => void) => void

  constructor(clock: Clock, carry: (deliver: () => void) => void = (deliver) => clock.turn(deliver)) {
    this.clock = clock
    this.carry = carry
  }

  page(token: string): Page {
    const known = this.pages.get(token)
    if (known) return known
    const page: Page = {
      revision: 0,
      save: '',
      texts: {},
      holder: undefined,
      fence: 0,
      line: [],
      followers: new Set(),
      attended: new Set(),
      aloneSince: undefined,
    }
    this.pages.set(token, page)
    return page
  }

  lives(node: string): boolean {
    return (this.nodes.get(node)?.leaseEnd ?? 0) > this.clock.now()
  }

  tell(node: string, message: Message): void {
    this.carry(() => this.nodes.get(node)?.listener?.told(message))
  }

  tasksOf(node: string): Set<string> {
    const known = this.tasks.get(node) ?? new Set()
    this.tasks.set(node, known)
    return known
  }
}

export function memoryLedger(book: Book): Ledger {
  const { clock } = book
  const kept = ({ revision, texts }: Page): Kept | undefined => (revision === 0 ? undefined : { revision, texts })
  const known = (page: Page, have: number): Known => (page.revision === have ? 'same' : kept(page))
  /** The first of the living in line holds it from now on. */
  const handOn = (token: string, page: Page, besides?: string) => {
    page.line = page.line.filter((node) => node === besides || book.lives(node))
    const [next, ...others] = page.line
    page.holder = next
    page.line = others
    if (next === undefined) return
    page.fence = book.fences += 1
    page.followers.delete(next)
    if (next !== besides) book.tell(next, { type: 'granted', token })
    if (others.length > 0) book.tell(next, { type: 'wanted', token })
  }
  const forgetIfEmpty = (token: string, { revision, holder, line, followers, attended }: Page) => {
    if (revision === 0 && holder === undefined && line.length + followers.size + attended.size === 0)
      book.pages.delete(token)
  }
  const isOrphaned = ({ texts: { running = '[]' } }: Page) =>
    (JSON.parse(running) as { node: string }[]).some((run) => !book.lives(run.node))
  return {
    join: async (node, listener) => {
      book.nodes.set(node, { leaseEnd: 0, trustEnd: 0, listener })
    },
    beat: async (node, leaseMs, trustMs) => {
      const lapsed = !book.lives(node)
      const { listener } = book.nodes.get(node) ?? {}
      book.nodes.set(node, { leaseEnd: clock.now() + leaseMs, trustEnd: clock.now() + trustMs, listener })
      for (const [other, known] of book.nodes) {
        if (other === node || known.listener || !book.lives(other) || known.trustEnd > clock.now()) continue
        known.leaseEnd = 0
        for (const one of book.nodes.keys()) if (book.lives(one)) book.tell(one, { type: 'gone', node: other })
      }
      return { alive: [...book.nodes.keys()].filter((other) => book.lives(other)), lapsed }
    },
    leave: async (node) => {
      book.nodes.delete(node)
      for (const other of book.nodes.keys()) book.tell(other, { type: 'gone', node })
    },
    claim: async (token, node, have) => {
      const page = book.page(token)
      if (page.holder !== node && (page.holder === undefined || !book.lives(page.holder))) {
        if (!page.line.includes(node)) page.line = [...page.line, node]
        handOn(token, page, node)
      } else if (page.holder === node) page.fence = book.fences += 1
      if (page.holder === node) {
        page.line = page.line.filter((other) => other !== node)
        page.followers.delete(node)
        return { held: true, fence: page.fence, wanted: page.line.length > 0, known: known(page, have) }
      }
      if (!page.line.includes(node)) page.line = [...page.line, node]
      const holder = page.holder as string
      book.tell(holder, { type: 'wanted', token })
      return { held: false, holder, leaseMs: (book.nodes.get(holder)?.leaseEnd ?? 0) - clock.now() }
    },
    save: async ({ id, token, node, fence, revision, writes, began, ended }) => {
      const page = book.page(token)
      const tell = (follower: string) => book.tell(follower, { type: 'changed', token, revision, writes })
      if (page.holder !== node || page.fence !== fence) return false
      if (page.revision === revision) return page.save === id
      if (page.revision !== revision - 1) return false
      page.revision = revision
      page.save = id
      const texts = { ...page.texts }
      for (const [key, text] of Object.entries(writes))
        if (text === null) delete texts[key]
        else texts[key] = text
      page.texts = texts
      for (const other of began) book.tasksOf(other).add(token)
      for (const other of ended) book.tasksOf(other).delete(token)
      for (const follower of [...page.followers])
        if (book.lives(follower)) tell(follower)
        else page.followers.delete(follower)
      return true
    },
    release: async (token, node, follow) => {
      const page = book.page(token)
      if (page.holder !== node) return
      if (follow) page.followers.add(node)
      handOn(token, page)
      forgetIfEmpty(token, page)
    },
    follow: async (token, node, have) => {
      const page = book.page(token)
      const holds = page.holder === node
      if (!holds) page.followers.add(node)
      return { known: known(page, have), holds }
    },
    unfollow: async (token, node) => {
      const page = book.page(token)
      page.followers.delete(node)
      forgetIfEmpty(token, page)
    },
    attend: async (token, node, here) => {
      const page = book.page(token)
      const { attended, followers, holder } = page
      if (here) page.aloneSince = undefined
      if (attended.has(node) === here) return
      for (const other of attended) if (!book.lives(other)) attended.delete(other) // they say it again, should they live
      if (here) return void attended.add(node)
      attended.delete(node)
      forgetIfEmpty(token, page)
      if (attended.size > 0) return
      page.aloneSince = clock.now()
      for (const other of [...followers, ...(holder === undefined ? [] : [holder])])
        if (other !== node && book.lives(other)) book.tell(other, { type: 'alone', token })
    },
    aloneMs: async (token, node) => {
      const page = book.page(token)
      if ([...page.attended].some((other) => other !== node && book.lives(other))) return undefined
      page.aloneSince ??= clock.now()
      return clock.now() - page.aloneSince
    },
    attended: async (token) => (book.pages.get(token)?.attended.size ?? 0) > 0,
    read: async (token) => kept(book.page(token)),
    ofBrowser: async (browser) =>
      [...book.pages].filter(([, { texts }]) => texts.browser === JSON.stringify(browser)).map(([token]) => token),
    tellOthers: async (node, word) => {
      for (const other of book.nodes.keys())
        if (other !== node && book.lives(other)) book.tell(other, { type: 'word', word })
    },
    drop: async (token, node, fence) => {
      const page = book.page(token)
      if (page.holder !== node || page.fence !== fence) return
      const isUsed = (other: string) => other !== node && book.lives(other)
      if ([...page.followers, ...page.attended].some(isUsed)) return handOn(token, page)
      book.pages.delete(token)
      for (const other of page.line) book.tell(other, { type: 'granted', token }) // they ask again
    },
    touch: async () => {},
    orphans: async (node, most) => {
      const taken: string[] = []
      for (const [other, tokens] of book.tasks)
        if (other !== node && !book.lives(other))
          for (const token of tokens) {
            if (taken.length >= most) return taken
            tokens.delete(token)
            if (!isOrphaned(book.page(token))) continue
            book.tasksOf(node).add(token)
            taken.push(token)
          }
      return taken
    },
    close: async () => {},
  }
}
