/**
 * Keeps the hub's registry as new as the app's code, by asking the route of the app that loads the state modules: once in
 * production, and before each dispatch in development, where Next compiles again only what was edited.
 */
import type { Clock } from '../../base/clock.js'
import { type ErrorCode, HeldStateError, messageOf } from '../../base/errors.js'
import type { Log } from '../../base/log.js'
import { processLimits } from '../../base/server-limits.js'
import { routeKeyHeader } from '../request/route-path.js'
import type { StateFolder } from './state-folder.js'

export interface DefinitionsOptions {
  readonly key: string
  readonly clock: Clock
  readonly log: Log
  /** The route's address; known once the server listens. */
  url(): string
  /** The state modules on disk. Only in development: else what was loaded stays. */
  readonly stateFiles?: Pick<StateFolder, 'sources' | 'notify'>
  /** An edit has broken the modules, and the definitions before it stay: pages that are open hear of it. */
  broke?(error: HeldStateError): void
}

interface Answer {
  /** The modules that the route has loaded, by their places. */
  readonly modules?: readonly string[]
  /** What is wrong, as a sentence for the terminal, if none were loaded. */
  readonly problem?: string
  /** The code of the failure, where the modules themselves are wrong. */
  readonly code?: ErrorCode
}

export class Definitions {
  private readonly options: DefinitionsOptions
  private loading: Promise<void> | undefined
  private loadedAt: number | undefined
  /** When the disk was looked at last. */
  private lookedAt = 0
  private lastProblem: string | undefined
  private modules: readonly string[] | undefined
  /** What is on disk although the bundler will not see it. */
  private accepted: readonly string[] | undefined

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
      const stop = this.options.clock.after(processLimits.editMs, () => {
        this.options.log.warn(
          'Next is still compiling; until it finishes, events run the code from before the last edit.',
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
    const { stateFiles, clock } = this.options
    if (this.loadedAt === undefined) return false
    if (!stateFiles) return true
    if (clock.now() - this.loadedAt >= processLimits.definitionsFreshMs) return false
    return clock.now() - this.lookedAt < processLimits.newModulePauseMs || this.isComplete({}, this.look(stateFiles))
  }

  private look(stateFiles: Pick<StateFolder, 'sources'>): readonly string[] {
    this.lookedAt = this.options.clock.now()
    return stateFiles.sources()
  }

  private async load(): Promise<void> {
    const began = this.options.clock.now()
    const { modules, problem = failed, code = 'registry-unreachable' } = await this.askUntilComplete()
    if (modules) {
      this.loadedAt = began
      this.lastProblem = undefined
      this.modules = modules
      return
    }
    const isNew = problem !== this.lastProblem
    if (isNew) this.options.log.error(problem)
    this.lastProblem = problem
    if (this.loadedAt === undefined) throw new HeldStateError(code, problem)
    if (isNew) this.options.broke?.(new HeldStateError(code, problem))
  }

  /** Asks until the answer has the modules that are on disk: a bundler notices late that one came or went, or not at all. */
  private async askUntilComplete(): Promise<Answer> {
    const { stateFiles, clock } = this.options
    const began = clock.now()
    for (let asked = 1; ; asked += 1) {
      const answer = await this.ask()
      const onDisk = stateFiles && this.look(stateFiles)
      if (!onDisk || this.isComplete(answer, onDisk)) return answer
      if (asked === 1) stateFiles?.notify()
      if (clock.now() - began >= processLimits.newModuleMs) return this.giveUp(answer, onDisk)
      await new Promise<void>((resolve) => void clock.after(processLimits.newModulePauseMs, resolve))
    }
  }

  /** Whether no module came or went that the hub does not know of. Before the first answer, it knows of none. */
  private isComplete({ modules = this.modules }: Answer, onDisk: readonly string[]): boolean {
    return modules === undefined || same(modules, onDisk) || same(this.accepted, onDisk)
  }

  private giveUp(answer: Answer, onDisk: readonly string[]): Answer {
    const { modules } = answer
    this.accepted = onDisk
    const missing = modules && onDisk.filter((source) => !modules.includes(source))
    if (missing?.length)
      this.options.log.warn(`Next did not pick up ${missing.join(', ')}. Restart it if this persists.`)
    return answer
  }

  private async ask(): Promise<Answer> {
    const url = this.options.url()
    const waiting = new AbortController()
    const stopWaiting = this.options.clock.after(processLimits.routeAnswerMs, () => waiting.abort())
    try {
      const headers = { [routeKeyHeader]: this.options.key }
      const response = await fetch(url, { headers, redirect: 'manual', signal: waiting.signal })
      const body = await response.text()
      const modules = fieldIn(body, 'modules')
      if (Array.isArray(modules)) return { modules }
      const code = codes.find((one) => one === fieldIn(body, 'code'))
      return { problem: explain(response, body), ...(code && { code }) } // a page that takes every path answers 200 too
    } catch (error) {
      const why = waiting.signal.aborted ? `for ${processLimits.routeAnswerMs / 1000} seconds` : `(${causeOf(error)})`
      return { problem: `${failed}: the app does not answer at ${url} ${why}.` }
    } finally {
      stopWaiting()
    }
  }
}

const same = (some: readonly string[] | undefined, others: readonly string[]) =>
  some?.length === others.length && some.every((one, index) => one === others[index])

/** Of what is wrong with the modules, as the route says it. */
const codes = [
  'duplicate-id',
  'duplicate-member',
  'invalid-definition',
  'invalid-value',
] as const satisfies readonly ErrorCode[]

const failed = 'The state modules could not be loaded'

function explain({ status, ok, headers }: Response, body: string): string {
  if (ok || status === 404)
    return `${failed}: the app has no route for them. Create app/api/heldstate/route.ts with: export { GET } from 'heldstate/next/route'`
  if (status >= 300 && status < 400)
    return (
      `${failed}: something redirects /api/heldstate to ${headers.get('location')}. Exclude the path in the matcher of your proxy.ts ` +
      'and in redirects() of next.config.'
    )
  const message = fieldIn(body, 'message')
  if (typeof message === 'string') return `${failed}: ${message}`
  if (status >= 500) return `${failed}: the route answers ${status}; see the log lines above.`
  return `${failed}: something rejects /api/heldstate with ${status}. Exclude the path in the matcher of your proxy.ts.`
}

function fieldIn(body: string, name: 'modules' | 'message' | 'code'): unknown {
  try {
    return (JSON.parse(body) as Partial<Record<typeof name, unknown>> | null)?.[name]
  } catch {
    return undefined
  }
}

/** fetch says only "fetch failed"; what happened is its cause. */
const causeOf = (error: unknown) => messageOf((error instanceof Error && error.cause) || error)
