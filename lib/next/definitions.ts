/**
 * Keeps the hub's registry as new as the app's code, by asking the route of the app that loads the state modules: once in
 * production, and before each dispatch in development, where Next compiles again only what was edited.
 */
import type { Clock } from '../base/clock.js'
import { HeldStateError, messageOf } from '../base/errors.js'
import { fixedLimits } from '../base/limits.js'
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

export class Definitions {
  private readonly options: DefinitionsOptions
  private loading: Promise<void> | undefined
  private loadedAt: number | undefined
  private lastProblem: string | undefined

  constructor(options: DefinitionsOptions) {
    this.options = options
  }

  /**
   * Nothing if the registry is new enough; else resolves when it is, or when an older one will do. Rejects only if it
   * never was loaded.
   */
  prepare(): Promise<void> | undefined {
    if (this.isFresh()) return undefined
    this.loading ??= this.begin()
    return this.loading
  }

  private begin(): Promise<void> {
    const done = this.load().finally(() => {
      this.loading = undefined
    })
    return this.loadedAt === undefined ? done : this.patiently(done)
  }

  /** Resolves with `done`, which goes on alone after a while: webpack takes long to answer the first error of a session. */
  private patiently(done: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const stop = this.options.clock.after(fixedLimits.editMs, () => {
        this.options.log.warn(
          'Next is still compiling; until it is done, events run as they were before the last edit.',
        )
        resolve()
      })
      void done.then(() => {
        stop()
        resolve()
      })
    })
  }

  private isFresh(): boolean {
    if (this.loadedAt === undefined) return false
    return !this.options.development || this.options.clock.now() - this.loadedAt < fixedLimits.definitionsFreshMs
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
    const waiting = new AbortController()
    const stopWaiting = this.options.clock.after(fixedLimits.routeAnswerMs, () => waiting.abort())
    try {
      const headers = { [routeKeyHeader]: this.options.key }
      const response = await fetch(url, { headers, redirect: 'manual', signal: waiting.signal })
      const body = await response.text()
      return isLoaded(body) ? undefined : explain(response, body)
    } catch (error) {
      const why = waiting.signal.aborted ? `for ${fixedLimits.routeAnswerMs / 1000} seconds` : `(${causeOf(error)})`
      return `${failed}: the app does not answer at ${url} ${why}.`
    } finally {
      stopWaiting()
    }
  }
}

const failed = 'The state modules could not be loaded'

/** A page that takes every path answers 200 too. */
const isLoaded = (body: string) => typeof fieldIn(body, 'modules') === 'number'

function explain({ status, ok, headers }: Response, body: string): string {
  if (ok || status === 404)
    return `${failed}: the app has no route for them. Add app/api/heldstate/route.ts with: export { GET } from 'heldstate/next/route'`
  if (status >= 300 && status < 400)
    return (
      `${failed}: something redirects /api/heldstate to ${headers.get('location')}. ` +
      'Leave it out of the matcher of your proxy.ts, and out of redirects() in next.config.'
    )
  const message = fieldIn(body, 'message')
  if (typeof message === 'string') return `${failed}: ${message}`
  if (status >= 500) return `${failed}: the route answers ${status}; the lines above say why.`
  return `${failed}: something refuses /api/heldstate with ${status}. Leave it out of the matcher of your proxy.ts.`
}

function fieldIn(body: string, name: 'modules' | 'message'): unknown {
  try {
    return (JSON.parse(body) as Partial<Record<typeof name, unknown>> | null)?.[name]
  } catch {
    return undefined
  }
}

/** fetch says only "fetch failed"; what happened is its cause. */
const causeOf = (error: unknown) => messageOf((error instanceof Error && error.cause) || error)
