/**
 * Keeps the hub's registry as new as the app's code, by asking the route of the app that loads the state modules: once in
 * production, and before each dispatch in development, where Next compiles again only what was edited.
 */
import type { Clock } from '../base/clock.js'
import { HeldStateError, messageOf } from '../base/errors.js'
import type { Log } from '../base/log.js'
import { routeKeyHeader } from './route-path.js'

export interface DefinitionsOptions {
  readonly development: boolean
  readonly key: string
  readonly clock: Clock
  readonly log: Log
  /** The route's address; known once the server listens. */
  url(): string
}

/** Milliseconds for which an answer of the route counts as new; a burst of events asks once. */
const freshMs = 300

export class Definitions {
  private readonly options: DefinitionsOptions
  private loading: Promise<void> | undefined
  private loadedAt: number | undefined
  private lastProblem: string | undefined

  constructor(options: DefinitionsOptions) {
    this.options = options
  }

  /** Nothing if the registry is new enough; else resolves when it is. Rejects only if it never was loaded. */
  prepare(): Promise<void> | undefined {
    if (this.isFresh()) return undefined
    this.loading ??= this.load().finally(() => {
      this.loading = undefined
    })
    return this.loading
  }

  private isFresh(): boolean {
    if (this.loadedAt === undefined) return false
    return !this.options.development || this.options.clock.now() - this.loadedAt < freshMs
  }

  private async load(): Promise<void> {
    const began = this.options.clock.now()
    const problem = await this.ask()
    if (problem === undefined) {
      this.loadedAt = began
      this.lastProblem = undefined
      return
    }
    if (problem !== this.lastProblem) this.options.log.error(problem)
    this.lastProblem = problem
    if (this.loadedAt === undefined) throw new HeldStateError('registry-unreachable', problem)
  }

  /** What is wrong, as a sentence for the terminal; nothing if the modules were loaded. */
  private async ask(): Promise<string | undefined> {
    const url = this.options.url()
    try {
      const response = await fetch(url, { headers: { [routeKeyHeader]: this.options.key }, redirect: 'manual' })
      const body = await response.text()
      return response.ok ? undefined : explain(response, body)
    } catch (error) {
      return `The state modules could not be loaded: the app does not answer at ${url} (${messageOf(error)}).`
    }
  }
}

function explain({ status, headers }: Response, body: string): string {
  if (status === 404)
    return (
      'The state modules could not be loaded: the app has no route for them. ' +
      `Add app/api/heldstate/route.ts with: export { GET } from 'heldstate/next/route'`
    )
  if (status >= 300 && status < 400)
    return (
      `The state modules could not be loaded: something redirects /api/heldstate to ${headers.get('location')}. ` +
      'Leave it out of the matcher of your proxy.ts, and out of redirects() in next.config.'
    )
  return `The state modules could not be loaded: ${messageIn(body) ?? `the route answers ${status}; the lines above say why`}`
}

function messageIn(body: string): string | undefined {
  try {
    const { message } = JSON.parse(body) as { message?: unknown }
    return typeof message === 'string' ? message : undefined
  } catch {
    return undefined
  }
}
