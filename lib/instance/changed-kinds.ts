/** Fields that a call has made another kind of value than their first value, as a number that became a text. */
import type { Log } from '../base/log.js'
import type { FieldLines } from '../delta/field-lines.js'
import type { ServerDefinition } from '../state/define.js'
import type { Registry } from '../state/registry.js'
import { kindWord } from '../state/shape.js'
import type { Fields } from '../store/store.js'
import { type Holder, nameOf, sourceOf } from './lock-source.js'

/** The fields that were named, by the members of their definition. */
const named = new WeakMap<object, Set<string>>()

/** Warns once of each field that a call without a schema has made another kind of value than its first value. */
export function warnOfChangedKinds(
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
    const known = named.get(members) ?? new Set()
    named.set(members, known)
    if (known.has(field)) continue
    known.add(field)
    log.warn(
      `Field "${field}" of state "${id}" was ${withArticle(before)} and is now ${withArticle(now)}: ${nameOf(holder)} has no schema. ` +
        'Add a schema, or convert the argument.',
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

const withArticle = (kind: string) => `${/^[aeiou]/.test(kind) ? 'an' : 'a'} ${kind}`
