/** The kit as tests of apps have it: a hub with a clock that the test owns, and tabs without a browser. */

import type { HubOptions } from '../hub/options.js'
import type { Hub } from '../hub/public.js'
import type { ClientView, Definition } from '../state/definition.js'
import type { TestClock } from './clock.js'
import { testHub as kitOf, type TestLog } from './kit.js'

/** A tab of a test. */
export interface TestTab {
  /** The id of its browser, as the cookie of a real one would have it. */
  readonly browser: string
  /** The token that names the state of this tab on the server. */
  readonly token: string
  /** As `useConnection().status` says. */
  readonly connection: 'connecting' | 'live' | 'reconnecting' | 'offline'
  /** The server cannot reach its store, as `useConnection().stalled` says. */
  readonly stalled: boolean
  /** Failures that the page would have put on its console. */
  readonly reports: readonly string[]
  /** Messages that came over the wire, the newest last. Their form changes with the protocol. */
  readonly unstable_wire: { readonly received: readonly (readonly [name: string, ...args: unknown[]])[] }
  /** What `useServerState(definition)` would return now. The first look starts to watch the state. */
  state<D extends Definition>(definition: D): ClientView<D>
  /** Watches a state and waits until it is here. */
  watch<D extends Definition>(definition: D): Promise<ClientView<D>>
  /**
   * What `work` gives or throws, run as a server action or a route handler runs that this tab calls: `getState` and `modifyState`
   * of "heldstate/server" find the tab. Like `done`, it waits while everything happens that needs no time.
   */
  request<T>(work: () => T | Promise<T>): Promise<T>
  /** Calls `run` after each change that the page would show. Gives a function that ends this. */
  onChange(run: () => void): () => void
  /** The connection breaks, and stays broken until `reconnect`. What the tab sent last, or was sent, is lost. */
  drop(): void
  /** The network is back. Resolves when the tab is live. */
  reconnect(): Promise<void>
  /** Closes the connection for good, as a page that ends does. */
  close(): void
}

export interface TestKit {
  /** The hub; another one after `crash()`. It is also the one that `getState` and `modifyState` of "heldstate/server" find. */
  readonly hub: Hub
  readonly clock: TestClock
  /** What the hub logged. */
  readonly log: TestLog
  /** Opens a tab of a new browser, or of the given one, and waits until it is live. */
  open(browser?: string): Promise<TestTab>
  /**
   * What `work` gives or throws, with everything happening meanwhile that needs no time: `await done(tab.state(cart).add(1))`.
   * Work that sleeps needs `clock.advance` in between.
   */
  done<T>(work: Promise<T>): Promise<T>
  /**
   * The server dies as by `kill -9`, and is started again over what was saved. All its tabs have lost their connection until
   * `tab.reconnect()`. A task of the dead server can save nothing, and never wakes from its `sleep`.
   */
  crash(): void
}

/** A hub that knows `definitions`, with the options of a real one but for its clock and its log. */
export const testHub: (definitions: readonly Definition[], options?: Omit<HubOptions, 'clock' | 'log'>) => TestKit =
  kitOf
