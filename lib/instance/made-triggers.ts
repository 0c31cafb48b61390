/** The triggers that a handler makes. In development, the log warns of one that was not returned, since it starts nothing. */
import type { Log } from '../base/log.js'
import { noticeTriggers, type Trigger } from '../state/trigger.js'
import { current } from './lock-scope.js'
import { development, nameOf, type Source } from './lock-source.js'

/** Triggers that were returned or yielded, so they start something. */
const taken = new WeakSet<Trigger>()

/** Marks triggers as returned or yielded. */
export function markReturned(triggers: readonly unknown[]): void {
  if (development) for (const trigger of triggers) taken.add(trigger as Trigger)
}

/** The triggers that one handler makes, each with the line where. */
export class MadeTriggers {
  private readonly log: Log
  private readonly source: Source
  private readonly made = new Map<Trigger, Error>()
  private isClosed = false

  constructor(log: Log, source: Source) {
    this.log = log
    this.source = source
  }

  /** The handler has just made this trigger. */
  note(trigger: Trigger): void {
    const line = new Error('It was called here.')
    if (this.isClosed) this.say(trigger, line)
    else this.made.set(trigger, line)
  }

  /** The handler has returned. With `forGood`, the log also warns of triggers that code which it left running makes later. */
  close(forGood: boolean): void {
    this.isClosed = forGood
    for (const [trigger, line] of this.made) if (!taken.has(trigger)) this.say(trigger, line)
    this.made.clear()
  }

  private say({ definition, member }: Trigger, line: Error): void {
    const { source } = this
    const isChange = typeof source === 'object' && 'modified' in source
    const way = isChange
      ? 'Only triggers that an event or a task returns are started: return it there'
      : `Return it with return ${member}(), or yield it in a generator`
    this.log.warn(
      `${capital(nameOf(source))} called the trigger "${member}" of state "${definition}" but did not return it, so nothing starts. ${way}.`,
      line,
    )
  }
}

/** Made for a handler that begins; `undefined` in production. */
export const madeBy = (log: Log, source: Source): MadeTriggers | undefined =>
  development ? new MadeTriggers(log, source) : undefined

if (development) noticeTriggers((trigger) => current()?.made?.note(trigger))

const capital = (text: string) => (text.startsWith('modify') ? text : text.slice(0, 1).toUpperCase() + text.slice(1))
