/** What a form shows of its last call: nothing before the first, and messages by field where it was refused. */
import type { HeldStateError, Issue } from '../base/errors.js'
import { consoleLog } from '../base/log.js'

/**
 * By field, what is wrong with it; several messages about one field are lines. `root` has what concerns the form as a
 * whole, what no field shows, and why a call failed that was not about its fields.
 */
export type FormErrors<Name extends string = string> = { readonly [K in Name | 'root']?: string }

/** What was in the fields: a text, or a list of texts where a name is repeated. Files are left out. */
export type FormValues<Name extends string = string> = { readonly [K in Name]?: string | readonly string[] }

export interface FormState<Name extends string = string> {
  readonly errors: FormErrors<Name>
  /** How the last call failed, with its `code`, as `offline`, and its `issues`. */
  readonly error: HeldStateError | undefined
  /** What was typed, after a call that failed. */
  readonly values: FormValues<Name> | undefined
  /** Whether the last call took effect. */
  readonly done: boolean
}

/** Names that components read from the errors of a form: what is wrong with them is shown. */
export type ShownNames = Set<string>

/** Before the first call, and after one that took effect. */
export const stateWithout = (shown: ShownNames, done: boolean): FormState => ({
  errors: noting(shown, named([])),
  error: undefined,
  values: undefined,
  done,
})

export function refusedState(shown: ShownNames, error: HeldStateError, form: FormData): FormState {
  const texts = new Map<string, Set<string>>()
  const add = (name: string, message: string) => texts.set(name, (texts.get(name) ?? new Set()).add(message))
  for (const { path, message } of issuesOf(error, form)) {
    const name = String(path[0] ?? 'root')
    add(name, message)
    if (path.length > 0 && !shown.has(name)) add('root', `${path.join('.')}: ${message}`)
  }
  if (texts.size === 0) add('root', error.message)
  if (process.env.NODE_ENV === 'development' && texts.has('root') && !shown.has('root'))
    consoleLog.warn(
      `A form was rejected, and no component shows its errors.root: ${[...(texts.get('root') ?? [])].join(' ')}`,
    )
  const errors = named([...texts].map(([name, messages]) => [name, [...messages].join('\n')]))
  return { errors: noting(shown, errors), error, values: valuesOf(form), done: false }
}

/** A file is refused by the page, which says no path. */
function issuesOf({ code, issues = [], message }: HeldStateError, form: FormData): readonly Issue[] {
  const file = [...form.keys()].find((name) =>
    form.getAll(name).some((value) => typeof value !== 'string' && value.name),
  )
  return code === 'invalid-value' && file !== undefined ? [{ path: [file], message }] : issues
}

function valuesOf(form: FormData): FormValues {
  const names = [...new Set(form.keys())]
  const texts = names.map((name) => form.getAll(name).filter((value) => typeof value === 'string'))
  return named(names.flatMap((name, at) => [[name, texts[at]?.[1] === undefined ? texts[at]?.[0] : texts[at]]]))
}

/** Without a prototype: a field may be named `constructor`. */
const named = <T>(entries: readonly (readonly [string, T])[]): Readonly<Record<string, T>> =>
  Object.assign(Object.create(null), Object.fromEntries(entries))

/** Errors that note which are read while there are none: a component that shows them asks each time, and one that lists them does not. */
const noting = (shown: ShownNames, errors: FormErrors): FormErrors =>
  new Proxy(errors, {
    get: (target, name) => {
      if (typeof name === 'string' && !(name in target)) shown.add(name)
      return Reflect.get(target, name)
    },
  })
