/**
 * The tab of this page. It exists in the browser only; on the server, components render what their definitions start with.
 */
import { HeldStateError } from '../base/errors.js'
import { version } from '../base/version.js'
import { browserCallStorage } from '../client/call-storage.js'
import { browserIdentity } from '../client/identity.js'
import { Introduction } from '../client/introduction.js'
import type { Mirror } from '../client/mirror.js'
import { emptyMirror } from '../client/mirror.js'
import { socketWire } from '../client/socket.js'
import { type HandleSource, StateHandle } from '../client/state-handle.js'
import { Tab } from '../client/tab.js'
import type { Manifest } from '../protocol/manifest.js'
import { type Callable, calledWhileRendering, heedingRenders } from './rendering.js'

/** What the copies of this library that meet in one page share: each with a tab of its own would be two states. */
interface Shared {
  readonly version: string
  readonly tab: Tab
  readonly introduction: Pick<Introduction, 'knows' | 'fetch'>
}

const key = Symbol.for('heldstate.page-tab')
const page = globalThis as { [key]?: Shared }
const handles = new Map<Manifest, StateHandle>()

/** The tab, made when it is first asked for; it connects once a component has been mounted. */
export const pageTab = (): Tab => shared().tab

function shared(): Shared {
  const known = page[key]
  if (known) return ofThisVersion(known)
  const identity = browserIdentity()
  const introduction = new Introduction(identity.current)
  const made = { version, introduction, tab: new Tab({ wire: socketWire(), identity, storage: browserCallStorage() }) }
  page[key] = made
  keepCalls(made.tab)
  return made
}

/** What has not settled outlives the page, as far as the browser lets it; where it cannot, the visitor is asked. */
function keepCalls(tab: Tab): void {
  addEventListener('pagehide', () => tab.kept.save())
  addEventListener('pageshow', ({ persisted }) => persisted && void tab.takeOver())
  document.addEventListener('visibilitychange', () => document.visibilityState === 'hidden' && tab.kept.save())
  addEventListener('beforeunload', (event) => {
    tab.kept.save()
    if (tab.kept.losesChanges) event.preventDefault()
  })
}

function ofThisVersion(known: Shared): Shared {
  if (known.version === version) return known
  throw new HeldStateError(
    'version-mismatch',
    `heldstate ${known.version} and heldstate ${version} are both in this page and would show two different states. Install one version ` +
      'for the app and its packages: "npm ls heldstate" lists the copies.',
  )
}

/** Makes `given` the tab of this page: a test hands over one that needs no socket. */
export function setPageTab(given: Tab, knows: Introduction['knows'] = () => false): void {
  page[key] = { version, tab: given, introduction: { knows, fetch: (input, init) => fetch(input, init) } }
  handles.clear()
}

/**
 * `fetch` that tells the app's own server which tab calls, so that `getState` and `modifyState` in a route handler find its state. Server actions
 * and navigations need no such help. To another server it is a plain fetch; on the server too.
 */
export const heldFetch: typeof fetch = (input, init) =>
  typeof window === 'undefined' ? fetch(input, init) : shared().introduction.fetch(input, init)

/** Subscribes a component to the mirror. Connecting waits a moment, since StrictMode mounts everything twice. */
export function subscribe(changed: () => void): () => void {
  const { mirror } = pageTab()
  const unsubscribe = mirror.subscribe(changed)
  const timer = setTimeout(() => pageTab().start())
  return () => {
    clearTimeout(timer)
    unsubscribe()
  }
}

export const currentMirror = (): Mirror => pageTab().mirror.getState()

/** What the server rendered, and what the first render in the browser must show. */
export const initialMirror = (): Mirror => emptyMirror

/** Whether a paint with this mark was made for the tab of this page. */
export const isOwnMark = (mark: string): boolean => page[key]?.introduction.knows(mark) ?? false

/** One for each state of this page; on the server, one that nobody can call. */
export function handleOf(definition: HandleSource): StateHandle {
  if (typeof window === 'undefined')
    return new StateHandle(definition, heeding(unreachableTab, definition.manifest.tasks))
  const known = handles.get(definition.manifest)
  if (known) return known
  const handle = new StateHandle(definition, heeding(pageTab().own, definition.manifest.tasks))
  handles.set(definition.manifest, handle)
  return handle
}

/** Bundlers know this name, and leave the check out of a build. */
const heeding: typeof heedingRenders = process.env.NODE_ENV === 'production' ? (tab) => tab : heedingRenders

const serverOnly = (definition: string, member: string) => Promise.reject(calledWhileRendering(definition, member))
const unreachableTab: Callable = {
  watch: () => 0,
  call: serverOnly,
  cancel: serverOnly,
  run: serverOnly,
  wait: serverOnly,
  touch: () => {},
}
