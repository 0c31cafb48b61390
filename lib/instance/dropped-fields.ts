/**
 * In development: fields of an argument that a schema neither knows nor refuses, and so leaves out. An input that was given a wrong name
 * in a form would be lost without a word.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { textLimits } from '../base/limits.js'
import type { Log } from '../base/log.js'
import { cut } from '../base/text.js'
import type { Trigger } from '../state/trigger.js'

/** Each field is named once in a process; after so many, none is. */
const mostNames = 100
const named = new Set<string>()

export function warnOfDropped(
  log: Pick<Log, 'warn'>,
  { definition, member, args }: Pick<Trigger, 'definition' | 'member' | 'args'>,
  schema: StandardSchemaV1,
  output: unknown,
): void {
  const kept = isObject(output) ? output : {}
  const missing = isObject(args[0]) ? Object.keys(args[0]).filter((name) => !Object.hasOwn(kept, name)) : []
  const known = missing.length > 0 ? namesIn(schema) : undefined
  for (const name of missing) {
    const key = JSON.stringify([definition, member, cut(name, textLimits.issueKeyText)])
    if (!known || known.includes(name) || named.has(key) || named.size >= mostNames) continue
    named.add(key)
    log.warn(
      `"${member}" of state "${definition}" was called with the field ${JSON.stringify(cut(name, textLimits.issueKeyText))}, which its schema does not declare, so the field was removed. ` +
        `Declared fields: ${known.map((each) => `"${each}"`).join(', ')}. Use a strict schema such as z.strictObject to reject unknown fields.`,
    )
  }
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Zod and Valibot have the fields of an object at hand; others, and what was piped, may say them as a JSON schema. */
function namesIn(schema: StandardSchemaV1): readonly string[] | undefined {
  const { shape, entries, '~standard': standard } = schema as StandardSchemaV1 & Described
  try {
    const fields = shape ?? entries ?? standard.jsonSchema?.input({ target: 'draft-2020-12' }).properties
    return isObject(fields) ? Object.keys(fields) : undefined
  } catch {
    return undefined // a part that JSON cannot say
  }
}

interface Described {
  readonly shape?: unknown
  readonly entries?: unknown
  readonly '~standard': { readonly jsonSchema?: { input(options: { target: string }): { properties?: unknown } } }
}
