/**
 * What a component gets of one state: a plain frozen object of fields, event functions and task handles. The functions are
 * made once; a new object is made when the view it shows has changed, and only then. In development it is frozen to
 * its leaves.
 */
import { decode } from '../base/encode.js'
import { HeldStateError } from '../base/errors.js'
import { freezeView } from '../base/freeze.js'
import type { Manifest } from '../protocol/manifest.js'
import { idle, type TaskStatus } from '../protocol/task-status.js'
import { type Mirror, type Shown, shownOf } from './mirror.js'
import { type Prediction, predicted } from './prediction.js'
import type { ClientSubscription } from './subscription.js'

type Fields = Readonly<Record<string, unknown>>
type Act = (...args: unknown[]) => Promise<unknown>

/** Calls of one event that have not settled, or starts or cancels of one task, and whether a component shows that there are any. */
interface Pending {
  count: number
  shown: boolean
}

/** What is shown on top of the view that the hub has sent. */
interface Predicted {
  readonly view: Fields
  readonly predictions: readonly Prediction[]
  readonly shown: Fields
}

/** What a handle needs of a definition. */
export interface HandleSource {
  readonly manifest: Manifest
  /** By event: what its call is expected to make of the view. */
  readonly predictions?: Readonly<Record<string, (view: object, args: readonly unknown[]) => object>>
}

/** The subscription through which it is watched and called; that of the tab itself, unless it has another number. */
export type Channel = Pick<ClientSubscription, 'watch' | 'call' | 'cancel' | 'run' | 'wait' | 'touch'> &
  Partial<Pick<ClientSubscription, 'number' | 'expect'>>

export class StateHandle {
  private readonly manifest: Manifest
  private readonly subscription: number | undefined
  private readonly position: number
  private readonly actions: Readonly<Record<string, Act | TaskActs>>
  private readonly defaults: Fields
  /** Shown until the hub has sent the view. */
  private first: Fields
  /** By view: what the server rendered can be shown along with what the hub has sent, until all of the page is hydrated. */
  private readonly shown = new WeakMap<Fields, { readonly version: number; readonly object: Fields }>()
  /** Rises when a component must be told that an event is pending, or is not any more. */
  private version = 0
  private readonly taskHandles = new Map<string, { readonly status: unknown; readonly handle: object }>()

  private predicted: Predicted | undefined

  constructor({ manifest, predictions = {} }: HandleSource, tab: Channel) {
    const { id, events, tasks, live = [] } = manifest
    this.manifest = manifest
    this.subscription = tab.number
    this.position = tab.watch(id)
    if (Object.keys(predictions).length > 0) tab.expect?.(id, predictions)
    this.defaults = decode(manifest.defaults) as Fields
    this.first = this.defaults
    this.actions = Object.fromEntries([
      ...events.map((name) => [
        name,
        this.event(tab, (args) =>
          tab.call(id, name, withoutEvent(args), { live: live.includes(name), predict: predictions[name] }),
        ),
      ]),
      ...tasks.map((name) => [name, this.task(tab, id, name)]),
    ])
  }

  /** The server has rendered this tab's own view: it is shown on until the hub sends the next. */
  begin(view: object): void {
    if (this.first === this.defaults) this.first = view as Fields
  }

  /** What a server render shows: the view it was handed over, or first values. */
  painted(mirror: Mirror, view: object = this.defaults): Fields {
    return this.snapshot(mirror, view as Fields)
  }

  /** The object for a mirror: the same one for as long as the view of this state is the same. */
  snapshot(mirror: Mirror, first = this.first): Fields {
    const known = shownOf(mirror, this.subscription)
    return this.showing(known, this.expected((known.views.get(this.position) as Fields | undefined) ?? first, known))
  }

  private showing(of: Shown, view: Fields): Fields {
    const { version } = this
    const known = this.shown.get(view)
    if (known?.version === version) return known.object
    const object = this.compose(view, of)
    this.shown.set(view, { version, object })
    return object
  }

  /** The view that a page shows: the same object as long as neither the hub nor the page has something new to say. */
  private expected(view: Fields, { predictions }: Shown): Fields {
    if (predictions.length === 0) return view
    const known = this.predicted
    if (known?.view === view && known.predictions === predictions) return known.shown
    const shown = predicted(view, this.position, predictions) as Fields
    this.predicted = { view, predictions, shown }
    return shown
  }

  private task(tab: Channel, id: string, name: string): TaskActs {
    const started = (args: readonly unknown[]) => tab.call(id, name, withoutEvent(args)) as Promise<string>
    const finished = (run: string) => tab.wait(id, name, run).then((result) => ({ run, result }))
    const ofRun = (run: unknown, act: (run: string) => Promise<unknown>) =>
      typeof run === 'string' ? act(run) : Promise.reject(notARun(name))
    return {
      start: this.event(tab, (args) => started(args).then((run) => ({ run })), name),
      run: this.event(tab, (args) => tab.run(id, name, withoutEvent(args)), name),
      wait: this.event(tab, ([run]) => ofRun(run, finished), name),
      cancel: this.event(
        tab,
        (args) => {
          const [run] = withoutEvent(args)
          return run === undefined ? tab.cancel(id, name) : ofRun(run, (one) => tab.cancel(id, name, one))
        },
        name,
      ),
    }
  }

  /** The function of an event. A component that reads its `pending` renders again when that changes; the others do not pay for it. */
  private event(tab: Pick<Channel, 'touch'>, call: (args: unknown[]) => Promise<unknown>, task = ''): Act {
    const pending: Pending = { count: 0, shown: false }
    const change = (by: number) => {
      const before = pending.count > 0
      pending.count += by
      if (!pending.shown || before === pending.count > 0) return
      this.version += 1
      this.taskHandles.delete(task) // its next one is another object, for a component that is given the handle alone
      tab.touch()
    }
    const act = (...args: unknown[]) => {
      const called = call(args)
      change(1)
      return called.finally(() => change(-1)) // a new promise: one that nobody catches must stay an unhandled rejection
    }
    return Object.defineProperty(act, 'pending', {
      get: () => {
        pending.shown = true
        return pending.count > 0
      },
    })
  }

  /** Walking a long list for each change of it is for development; bundlers know this name. */
  private compose(view: Fields, { interrupted }: Shown): Fields {
    if (process.env.NODE_ENV !== 'production') freezeView(this, this.manifest.id, view)
    const object: Record<string, unknown> = { ...view }
    for (const name of this.manifest.events) object[name] = this.actions[name]
    for (const name of this.manifest.tasks) {
      const status = view[name] ?? idle
      object[name] = this.handle(name, interrupted.has(status) ? interruption : status)
    }
    return Object.freeze(object)
  }

  private handle(name: string, status: unknown): object {
    const known = this.taskHandles.get(name)
    if (known && known.status === status) return known.handle
    const handle = Object.freeze(Object.assign(new Handle(), handed(status as TaskStatus), this.actions[name]))
    this.taskHandles.set(name, { status, handle })
    return handle
  }
}

type TaskActs = Readonly<Record<'start' | 'run' | 'wait' | 'cancel', Act>>

/** Two of them show the same only if they are one: whether a call is under way is no field of it. */
class Handle {}

/** A status as components get it: what is left out on the wire is there. */
const handed = ({ runs = [], result, ...status }: TaskStatus) => {
  const { progress, note } = status
  const copies = runs.map((copy) => Object.freeze({ progress, note, ...copy }))
  return { ...status, runs: Object.freeze(copies), result }
}

const notARun = (task: string) =>
  new HeldStateError('invalid-arguments', `Task "${task}": expected the id of a run, as returned by start().`)

/** Of a task that ran when the server lost the state of the page. */
const interruption = Object.freeze({
  ...idle,
  outcome: 'failed',
  error: Object.freeze({
    code: 'interrupted',
    message: 'The server no longer has the state of this page, and this task is gone with it.',
  }),
})

/** `onClick={c.reset}` hands over React's event, which means nothing to the server and cannot be sent. */
function withoutEvent(args: readonly unknown[]): readonly unknown[] {
  return isUiEvent(args[0]) ? [] : args
}

function isUiEvent(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  try {
    return 'nativeEvent' in value || (typeof Event === 'function' && value instanceof Event)
  } catch {
    return false // a proxy that refuses to be looked into
  }
}
