/**
 * Tests a state module without Next, socket or browser: a real hub with a clock you own, and real tabs over a loopback.
 */
import type { Clock } from '../base/clock.js'
import type { Log } from '../base/log.js'
import type { Identity } from '../client/identity.js'
import { shownOf } from '../client/mirror.js'
import { StateHandle } from '../client/state-handle.js'
import { Tab } from '../client/tab.js'
import { HubRuntime } from '../hub/hub.js'
import type { HubOptions } from '../hub/options.js'
import { setSlot } from '../hub/process-hub.js'
import { playRequest } from '../next/request/test-request.js'
import type { ClientView, Definition } from '../state/definition.js'
import { Registry } from '../state/registry.js'
import { memoryStore } from '../store/memory.js'
import { TestClock } from './clock.js'
import { Loopback } from './loopback.js'
import { mortalStore } from './mortal.js'
import { mortalClock } from './mortal-clock.js'

export interface TestLog extends Log {
  readonly lines: readonly string[]
}

/** The kit of apps, with the parts of its hub and its tabs. */
export interface TestKit {
  readonly hub: HubRuntime
  readonly clock: TestClock
  readonly log: TestLog
  open(browser?: string): Promise<TestTab>
  done<T>(work: Promise<T>): Promise<T>
  crash(): void
}

let kits = 0

/** Two kits are two processes: each draws random ids of its own. */
function nextClock(): TestClock {
  kits += 1
  return new TestClock(kits)
}

/** A hub that knows `definitions`. With `own`, its process has another clock than its tabs. */
export function testHub(
  definitions: readonly Definition[],
  { store = memoryStore(), ...options }: Omit<HubOptions, 'clock' | 'log'> = {},
  clock = nextClock(),
  own: Clock = clock,
): TestKit {
  const { registry = new Registry() } = options
  registry.add(...definitions)
  const log = testLog()
  const tabs: TestTab[] = []
  const start = () => {
    const process = { clock: mortalClock(own), store: { ...mortalStore(store), close: () => store.close() } }
    const hub = new HubRuntime({ secret: 'of a test', ...options, ...process, registry, log })
    setSlot({ hub, routeKey: '' })
    hub.resume().catch((error) => log.error('The store could not be opened.', error))
    return { ...process, hub }
  }
  let process = start()
  return {
    get hub() {
      return process.hub
    },
    clock,
    log,
    open: async (browser = clock.id()) => {
      const tab = new TestTab(process.hub, clock, browser)
      tabs.push(tab)
      tab.connect()
      await clock.settle()
      return tab
    },
    done: (work) => outcomeOf(work, clock),
    crash: () => {
      process.clock.die()
      process.store.die()
      process = start()
      for (const tab of tabs) tab.rewire(process.hub, clock)
    },
  }
}

async function outcomeOf<T>(work: Promise<T>, clock: TestClock): Promise<T> {
  let ended = false
  const end = () => {
    ended = true
  }
  work.then(end, end)
  while (!ended) await clock.settle()
  await clock.settle() // and what it brought about is shown
  return work
}

/** A tab, as a test holds it. */
export class TestTab {
  readonly browser: string
  readonly wire: Loopback
  /** Failures that the page would have put on its console. */
  readonly reports: string[] = []
  /** The client itself, as a page holds it. */
  readonly tab: Tab
  private clock: TestClock
  private readonly page: string
  private readonly handles = new Map<string, StateHandle>()
  private signed: string | undefined
  /** What sessionStorage has of calls that have not settled. */
  stored: string | undefined

  /**
   * `signed` is the token that sessionStorage holds, and `stored` what it has of calls; with `duplicate`, another page has them and this one is a
   * copy.
   */
  constructor(hub: HubRuntime, clock: TestClock, browser: string, signed?: string, duplicate = false, stored?: string) {
    this.browser = browser
    this.clock = clock
    this.page = clock.id()
    this.stored = stored
    this.signed = duplicate ? undefined : signed
    let original = duplicate ? signed : undefined
    this.wire = new Loopback(hub, clock, browser)
    const identity: Identity = {
      claim: async () => this.signed,
      copyOf: () => original,
      hold: async (name) => !duplicate || name === this.page,
      saved: () => {
        original = undefined
      },
      keep: (token) => {
        this.signed = token
      },
      forget: () => {
        this.signed = undefined
      },
    }
    this.tab = new Tab({
      wire: this.wire,
      identity,
      page: this.page,
      clock,
      storage: {
        read: () => this.stored,
        write: (text) => {
          this.stored = text
          return true
        },
        clear: () => {
          this.stored = undefined
        },
      },
      report: (error) => void this.reports.push(error.message),
    })
  }

  get unstable_wire(): Loopback {
    return this.wire
  }

  /** The signed token, as sessionStorage would hold it. */
  get signedToken(): string | undefined {
    return this.signed
  }

  /** The token that names this tab's state on the server. */
  get token(): string {
    return this.signed?.split('.')[0] ?? ''
  }

  get connection() {
    return this.tab.mirror.getState().status
  }

  /** The server cannot reach its store, as `useConnection().stalled` says. */
  get stalled(): boolean {
    return this.tab.mirror.getState().stalled
  }

  get revision(): number {
    return shownOf(this.tab.mirror.getState()).revision
  }

  connect(): void {
    this.tab.start()
  }

  /** What `useServerState(definition)` would return now. The first look starts to watch the state. */
  state<D extends Definition>(definition: D): ClientView<D> {
    const known = this.handles.get(definition.id)
    const handle = known ?? new StateHandle(definition, this.tab.own)
    this.handles.set(definition.id, handle)
    return handle.snapshot(this.tab.mirror.getState()) as ClientView<D>
  }

  /** Watches a state and waits until it is here. */
  async watch<D extends Definition>(definition: D): Promise<ClientView<D>> {
    this.state(definition)
    await this.clock.settle()
    return this.state(definition)
  }

  /**
   * What `work` gives or throws, run as a server action or a route handler runs that this tab calls: `getState` and `modifyState`
   * of "heldstate/server" find the tab. Like `done`, it waits while everything happens that needs no time.
   */
  request<T>(work: () => T | Promise<T>): Promise<T> {
    const caller = this.signed === undefined ? undefined : { token: this.token, mark: this.page, browser: this.browser }
    const begun = playRequest(caller, async () => work())
    return outcomeOf(begun, this.clock) // out here, so that what else happens meanwhile is none of the request's
  }

  /** Calls `run` after each change of the mirror. */
  onChange(run: () => void): () => void {
    return this.tab.mirror.subscribe(run)
  }

  /** The connection breaks, and stays broken until `reconnect`. What the tab sent last, or was sent, is lost. */
  drop(): void {
    this.wire.cut()
  }

  /** Closes the connection for good, as a page that ends does. */
  close(): void {
    this.tab.stop()
  }

  /** The server is started again: the next connection leads to `hub`. */
  rewire(hub: HubRuntime, clock: TestClock): void {
    this.wire.rewire(hub, clock)
    this.clock = clock
  }

  async reconnect(): Promise<void> {
    await this.wire.connect()
    await this.clock.settle()
  }
}

/** An error, what caused it, and so on, as texts. */
function causesOf(error: unknown): readonly string[] {
  const cause = error instanceof Error ? error.cause : undefined
  return cause === undefined ? [String(error)] : [String(error), ...causesOf(cause)]
}

function testLog(): TestLog {
  const lines: string[] = []
  const note = (level: string) => (message: string, error?: unknown) =>
    void lines.push(`${level}: ${message}${error === undefined ? '' : ` (${causesOf(error).join(', caused by ')})`}`)
  return { lines, info: note('info'), warn: note('warn'), error: note('error') }
}
