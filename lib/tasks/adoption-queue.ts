/** Adopts the durable tasks of processes that have died: the tokens that wait for it, a few at a time, until there are none. */
import { processLimits } from '../base/server-limits.js'
import { inTab } from '../base/text.js'
import type { TasksCore } from './core.js'

export interface AdoptionSteps {
  /** Whether the process runs as many tasks as it may. */
  isFull(): boolean
  /** Goes on with the orphaned tasks of a token. */
  adopt(token: string): Promise<void>
}

export class AdoptionQueue {
  private readonly core: TasksCore
  private readonly steps: AdoptionSteps
  /** Tokens with orphaned tasks. */
  private readonly tokens = new Set<string>()
  /** The store may know further tokens. */
  private isDue = false
  private working: Promise<void> | undefined
  private cancelRetry = () => {}
  private isStopped = false

  constructor(core: TasksCore, steps: AdoptionSteps) {
    this.core = core
    this.steps = steps
  }

  /** A token was loaded that has orphaned tasks. */
  add(token: string): void {
    if (this.tokens.has(token)) return
    this.tokens.add(token)
    void this.work()
  }

  /** Other processes have died, and may have left tasks. */
  onOrphans(): void {
    for (const { token, role, runs } of this.core.instances.values())
      if (role === 'owner' && runs.recheckLiveness()) this.tokens.add(token)
    void this.adoptAll()
  }

  /** Adopts what dead processes have left in the store. Resolves when there is no more of it, or it must wait. */
  adoptAll(): Promise<void> {
    this.isDue = true
    return this.work()
  }

  stop(): void {
    this.isStopped = true
    this.cancelRetry()
  }

  private work(): Promise<void> {
    this.working ??= this.adoptDue().finally(() => {
      this.working = undefined
      if (this.tokens.size > 0 || this.isDue) this.retryLater()
    })
    return this.working
  }

  /** Tokens stay in the queue when the store has failed, or when the process runs as many tasks as it may. */
  private retryLater(): void {
    this.cancelRetry()
    if (!this.isStopped) this.cancelRetry = this.core.clock.after(processLimits.saveAgainMs, () => void this.work())
  }

  /** A process that its peers take for dead adopts nothing: they adopt its tasks. */
  private async adoptDue(): Promise<void> {
    const { nodes } = this.core
    for (let isDue = true; isDue && !this.isStopped && !this.steps.isFull() && nodes.isAlive(nodes.node); ) {
      isDue = this.isDue && (await this.askStore())
      await this.adoptTokens()
    }
  }

  /** Returns whether the store is to be asked again: a shared store returns only some of the tokens. */
  private async askStore(): Promise<boolean> {
    const { store, log, nodes } = this.core
    this.isDue = false
    try {
      const tokens = (await store.orphans?.()) ?? []
      for (const token of tokens) this.tokens.add(token)
      this.isDue ||= nodes.shared && tokens.length > 0
      return this.isDue
    } catch (error) {
      this.isDue = true
      if (!this.isStopped) log.error('Failed to list the tasks of dead processes.', error)
      return false
    }
  }

  /** A token that another process still holds does not delay the others. */
  private async adoptTokens(): Promise<void> {
    const tokens = [...this.tokens].values()
    const next = async () => {
      for (const token of tokens) if (!this.isStopped && !this.steps.isFull()) await this.adopt(token)
    }
    await Promise.all(Array.from({ length: processLimits.inheritedAtOnce }, next))
  }

  private async adopt(token: string): Promise<void> {
    try {
      await this.core.ready()
      await this.steps.adopt(token)
      this.tokens.delete(token)
    } catch (error) {
      if (!this.isStopped)
        this.core.log.warn(`Failed to take over the tasks of a dead process; retrying ${inTab(token)}.`, error)
    }
  }
}
