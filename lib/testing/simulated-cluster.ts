/**
 * Several processes of a simulation over one coordinator: their clocks go apart, what they ask of the coordinator takes its time and
 * may fail before or after it was done, messages are late or lost, and processes die or freeze while the others serve.
 */
import type { Clock } from '../base/clock.js'
import type { Coordinator } from '../cluster/coordinator.js'
import { sharedStore } from '../cluster/shared-store.js'
import type { HubRuntime } from '../hub/hub.js'
import { TokenRecord } from '../store/record.js'
import { testHub } from './kit.js'
import { MemoryCoordinatorState, memoryCoordinator } from './memory-coordinator.js'
import { sabotaged } from './sabotaged-hub.js'
import type { Page } from './simulated-page.js'
import { gate, journalOf, type Servers, simulatedLimits, type World } from './simulated-servers.js'
import { type Journal, journal } from './simulated-state.js'

/** Short: a life takes a second or two. */
const lease = 400

interface Node {
  readonly name: string
  readonly hub: HubRuntime
  readonly running: ReturnType<typeof gate>
  /** Its connection to the coordinator. */
  readonly link: ReturnType<typeof gate>
  frozen: boolean
  dead: boolean
  /** It was frozen or lost its connection, so others may have taken it for dead. */
  harmed: boolean
  /** Saves that are on their way. */
  saving: number
  /** It hears no messages until this is called. */
  deafen(): () => void
}

export class Cluster implements Servers {
  readonly healsWithin = 10 * lease
  private readonly world: World
  private readonly book: MemoryCoordinatorState
  private readonly nodes: Node[] = []
  private readonly at = new Map<Page, Node>()
  private made = 0

  constructor(world: World, count: number) {
    this.world = world
    const { chance, clock } = world
    const carry = (deliver: () => void) => {
      if (!world.healed && chance.happens(0.02)) return
      clock.after(world.healed ? 0 : chance.pick([0, 0, 1, 20]), deliver)
    }
    this.book = new MemoryCoordinatorState(clock, carry)
    for (let index = 0; index < count; index += 1) this.nodes.push(this.start())
  }

  get hub(): HubRuntime {
    return this.serving().hub
  }

  lead(page: Page): void {
    const node = this.serving()
    this.at.set(page, node)
    page.rewire(node.hub, this.world.clock)
  }

  crash(): string {
    const node = this.world.chance.pick(this.nodes)
    this.remove(node)
    this.nodes.push(this.start())
    return `${node.name} is killed, ${this.nodes.at(-1)?.name} started`
  }

  freeze(): string {
    const awake = this.nodes.filter(({ frozen }) => !frozen)
    if (awake.length < 2) return 'the last process would be frozen'
    const busy = awake.filter(({ saving }) => saving > 0) // a save that comes late is what a fence is for
    const node = this.world.chance.pick(busy.length > 0 ? busy : awake)
    node.frozen = true
    node.harmed = true
    node.running.close()
    this.moveFrom(node)
    return `${node.name} is frozen`
  }

  thaw(): string | undefined {
    const node = this.nodes.find(({ frozen }) => frozen)
    if (!node) return undefined
    node.frozen = false
    node.running.open()
    return `${node.name} goes on`
  }

  heal(): void {
    while (this.thaw());
  }

  async end(): Promise<void> {
    const closing = this.nodes.map(({ hub }) => hub.close())
    await this.world.clock.advance(60_000)
    await Promise.all(closing)
  }

  /** A run is run by one process at a time, unless another could take that one for dead. */
  check(): void {
    const runners = new Map<string, string>()
    for (const { name, harmed, hub } of this.nodes)
      for (const { id, isRunning } of harmed ? [] : hub.tasks.pool.runs) {
        const other = runners.get(id)
        if (isRunning && other) throw new Error(`${name} runs a task that ${other} runs, though both live`)
        if (isRunning) runners.set(id, name)
      }
  }

  keptOf(token: string): Journal {
    const { revision, texts } = this.book.entry(token)
    return journalOf(TokenRecord.read({ revision, texts }).stored.state)
  }

  private serving(): Node {
    return this.world.chance.pick(this.nodes.filter(({ frozen }) => !frozen))
  }

  private remove(node: Node): void {
    node.dead = true
    node.deafen()
    this.nodes.splice(this.nodes.indexOf(node), 1)
    node.hub.lockScope.close()
    if (this.nodes.every(({ frozen }) => frozen)) this.thaw()
    this.moveFrom(node)
  }

  private moveFrom(node: Node): void {
    for (const [page, at] of this.at) if (at === node) this.lead(page)
  }

  private start(): Node {
    const { world } = this
    this.made += 1
    const running = gate()
    const deafen = () => {
      const known = this.book.nodes.get(store.node)
      const listener = known?.listener
      if (known) known.listener = undefined
      return () => {
        const now = this.book.nodes.get(store.node)
        if (now && !node.dead) now.listener = listener
        listener?.onMessagesLost()
      }
    }
    const name = `node ${this.made}`
    const node = { name, running, link: gate(), frozen: false, dead: false, harmed: false, saving: 0, deafen }
    const clock = this.clockOf(node)
    const coordinator = this.coordinatorOf(node)
    const store = sharedStore({ coordinator, clock, log: quiet, leaseMs: lease })
    const hub = sabotaged(
      testHub([journal], { store, limits: simulatedLimits }, world.clock, clock).hub,
      world.sabotage,
    )
    return Object.assign(node, { hub })
  }

  /** A clock that is early or late, and stops with its process. */
  private clockOf(node: Pick<Node, 'running' | 'dead'>): Clock {
    const { clock, chance } = this.world
    const skew = chance.pick([0, -300_000, 5_000])
    const whileAlive = (run: () => void) => () => {
      if (!node.dead) void node.running.opened().then(() => node.dead || run())
    }
    return {
      now: () => clock.now() + skew,
      id: () => clock.id(),
      turn: (run) => clock.turn(whileAlive(run)),
      after: (ms, run) => {
        let over = false
        const cancel = clock.after(
          ms,
          whileAlive(() => over || run()),
        )
        return () => {
          over = true
          cancel()
        }
      },
    }
  }

  /** The coordinator as a node reaches it. */
  private coordinatorOf(node: Omit<Node, 'hub'>): Coordinator {
    const { world, book } = this
    const { chance, clock } = world
    const coordinator = memoryCoordinator(book)
    const travel = async () => {
      const ms = world.healed ? 0 : chance.pick([0, 0, 0, 1, 5])
      if (ms > 0) await new Promise<void>((resolve) => void clock.after(ms, resolve))
      await node.running.opened()
      await node.link.opened()
      if (node.dead) await new Promise(() => {})
    }
    const cut = () => {
      node.harmed = true
      node.link.close()
      const hear = node.deafen()
      clock.after(chance.pick([10, lease / 2, lease]), () => {
        node.link.open()
        hear()
      })
    }
    const fails = (when: string) => {
      if (!world.healed && !world.calm && chance.happens(0.005))
        throw new Error(`the connection failed ${when} the coordinator had done it`)
    }
    const far = async <T>(act: () => Promise<T>): Promise<T> => {
      if (node.link.isOpen && !world.healed && !world.calm && chance.happens(0.003)) cut()
      await travel()
      fails('before')
      const done = await act()
      await travel()
      fails('after')
      return done
    }
    let beats = 0
    return {
      ...coordinator,
      join: (name, { onMessage: told, onMessagesLost: missed }) =>
        coordinator.join(name, {
          onMessage: (message) => void node.running.opened().then(() => node.dead || told(message)),
          onMessagesLost: missed,
        }),
      heartbeat: (name, ms, trustMs) => {
        beats += 1
        if (world.sabotage === 'lease-not-renewed' && beats > 1) return new Promise(() => {})
        if (beats === 1) return coordinator.heartbeat(name, ms, trustMs) // a server that cannot reach its store does not start
        return far(() => coordinator.heartbeat(name, ms, trustMs))
      },
      claim: (...given) => far(() => coordinator.claim(...given)),
      save: (save) => {
        const { token, node: holder, revision, writes } = save
        const page = book.entry(token)
        if (world.sabotage === 'publish-early')
          for (const follower of page.followers) book.send(follower, { type: 'changed', token, revision, writes })
        node.saving += 1
        const saving = far(async () => {
          const known = page.revision
          const unfenced = world.sabotage === 'skip-fence'
          if (unfenced) Object.assign(page, { holder, revision: revision - 1 })
          const saved = await coordinator.save(unfenced ? { ...save, fence: page.fence } : save)
          if (saved && page.revision !== known) {
            const { stored } = TokenRecord.read(page)
            world.kept(token, page.revision, journalOf(stored.state))
          }
          return saved
        })
        return saving.finally(() => {
          node.saving -= 1
        })
      },
      release: (...given) => far(() => coordinator.release(...given)),
      follow: (...given) => far(() => coordinator.follow(...given)),
      unfollow: (...given) => far(() => coordinator.unfollow(...given)),
      setPresent: (...given) => far(() => coordinator.setPresent(...given)),
      isAttended: (...given) => far(() => coordinator.isAttended(...given)),
      unattendedMs: (...given) => far(() => coordinator.unattendedMs(...given)),
      read: (token) => far(() => coordinator.read(token)),
      drop: (...given) => far(() => coordinator.drop(...given)),
      orphans: async (...given) => {
        await travel() // what is not heard of is given again
        return coordinator.orphans(...given)
      },
    }
  }
}

const quiet = { info: () => {}, warn: () => {}, error: () => {} }
