/** What an author has written and what has no effect, or another one than it seems: said in the log, in development alone. */
import type { Log } from '../base/log.js'
import type { FieldLines } from '../delta/field-lines.js'
import type { ServerDefinition } from '../state/define.js'
import type { Registry } from '../state/registry.js'
import { kindWord } from '../state/shape.js'
import { noticeTriggers, type Trigger } from '../state/trigger.js'
import type { Fields } from '../store/store.js'
import { current } from './lock-scope.js'
import { development, type Holder, nameOf, type Source, sourceOf } from './lock-source.js'

/** Triggers that start something. */
const taken = new WeakSet<Trigger>()

/** What was returned or yielded is not lost. */
export function take(triggers: readonly unknown[]): void {
  if (development) for (const trigger of triggers) taken.add(trigger as Trigger)
}

/** The triggers that one handler makes, each with the line where. */
export class MadeTriggers {
  private readonly log: Log
  private readonly source: Source
  private readonly made = new Map<Trigger, Error>()
  private ended = false

  constructor(log: Log, source: Source) {
    this.log = log
    this.source = source
  }

  /** It has just been made. */
  note(trigger: Trigger): void {
    const line = new Error('This is where it was called.')
    if (this.ended) this.say(trigger, line)
    else this.made.set(trigger, line)
  }

  /** The handler has returned; `forGood` if what it left running is not to make any more either. */
  end(forGood: boolean): void {
    this.ended = forGood
    for (const [trigger, line] of this.made) if (!taken.has(trigger)) this.say(trigger, line)
    this.made.clear()
  }

  private say({ definition, member }: Trigger, line: Error): void {
    const { source } = this
    const isChange = typeof source === 'object' && 'modified' in source
    const way = isChange
      ? 'Only what an event or a task returns is started: call it there'
      : `Return it, return ${member}(), or yield it in a generator`
    this.log.warn(
      `${capital(nameOf(source))} called the trigger "${member}" of state "${definition}" and did not return it, so it starts nothing. ${way}.`,
      line,
    )
  }
}

/** Made for a handler that begins; `undefined` in production. */
export const madeBy = (log: Log, source: Source): MadeTriggers | undefined =>
  development ? new MadeTriggers(log, source) : undefined

if (development) noticeTriggers((trigger) => current()?.made?.note(trigger))

/** Fields of which it was said. */
const told = new WeakMap<object, Set<string>>()

/** A field is another kind of value than its first one, by an argument that no schema has looked at. Once for each field. */
export function sayChangedKinds(
  { log, registry }: { readonly log: Log; readonly registry: Registry },
  { id, members }: ServerDefinition,
  fields: Fields,
  lines: FieldLines,
  holder: Holder,
): void {
  for (const [field, before] of Object.entries(members.shape.kinds)) {
    const line = lines.of(field)
    const now = kindWord(fields[field])
    if (!line || before === now || before === 'nothing' || now === 'nothing' || !isUnchecked(holder, registry)) continue
    const known = told.get(members) ?? new Set()
    told.set(members, known)
    if (known.has(field)) continue
    known.add(field)
    log.warn(
      `Field "${field}" of state "${id}" was ${words(before)} and is ${words(now)} now: ${nameOf(holder)} takes arguments that no schema checks. ` +
        'Give it a schema, or convert what it is given.',
      line,
    )
  }
}

function isUnchecked(holder: Holder, registry: Registry): boolean {
  const source = sourceOf(holder)
  if (typeof source !== 'object' || 'modified' in source || !registry.has(source.definition)) return false
  const { events, tasks } = registry.get(source.definition).members
  const [declaration, args] =
    'member' in source ? [events.get(source.member), source.args] : [tasks.get(source.task), source.rawArgs]
  return declaration !== undefined && !declaration.schema && (args?.length ?? 0) > 0
}

const words = (kind: string) => (kind === 'string' ? 'a text' : `${/^[aeiou]/.test(kind) ? 'an' : 'a'} ${kind}`)

const capital = (text: string) => (text.startsWith('modify') ? text : text.slice(0, 1).toUpperCase() + text.slice(1))
