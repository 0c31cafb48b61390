/**
 * Work that needs a request: the app's route is asked, and does it inside of that request. What is to be done and what comes of it
 * stay in memory; only a name goes over the wire.
 */
import type { Clock } from '../../base/clock.js'
import { HeldStateError, messageOf } from '../../base/errors.js'
import { jobHeader, routeKeyHeader } from './route-path.js'

export interface JobsOptions {
  readonly key: string
  readonly clock: Clock
  /** The route's address; known once the server listens. */
  url(): string
}

export class Jobs {
  private readonly options: JobsOptions
  private readonly waiting = new Map<string, () => Promise<void>>()

  constructor(options: JobsOptions) {
    this.options = options
  }

  /** What `work` gives or throws, once the request is over in which it ran. */
  async run<T>(
    work: () => Promise<T>,
    cookies: string | undefined,
    visitor?: Readonly<Record<string, string>>,
  ): Promise<T> {
    const { clock, key, url } = this.options
    const id = clock.id()
    let outcome: Promise<T> | undefined
    this.waiting.set(id, () => {
      outcome = work()
      return outcome.then(nothing, nothing)
    })
    const headers = {
      ...visitor,
      [routeKeyHeader]: key,
      [jobHeader]: id,
      ...(cookies === undefined ? {} : { cookie: cookies }),
    }
    const answer = await fetch(url(), { headers, redirect: 'manual' }).then(
      ({ status }) => `it answers ${status}`,
      (error) => messageOf((error instanceof Error && error.cause) || error),
    )
    this.waiting.delete(id)
    if (outcome) return outcome as Promise<T>
    throw new HeldStateError(
      'registry-unreachable',
      `Failed to get the request of an event from /api/heldstate: ${answer}. Exclude the path in the matcher of your proxy.ts.`,
    )
  }

  take(id: string): (() => Promise<void>) | undefined {
    const job = this.waiting.get(id)
    this.waiting.delete(id)
    return job
  }
}

const nothing = () => {}
