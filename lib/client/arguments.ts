/**
 * The arguments of a call as they are sent: plain copies, so that nothing that the page does with its values later reaches a call
 * that waits. What no handler can be given is refused, by its place among the arguments.
 */

import { copyValue, type Substitute } from '../base/copy.js'
import { HeldStateError, messageOf } from '../base/errors.js'
import { kindOf } from '../base/value.js'

/** Whatever goes wrong with the arguments comes back as an `invalid-value`. */
export function argumentsToSend(
  definition: string,
  member: string,
  args: readonly unknown[],
): readonly unknown[] | HeldStateError {
  try {
    return copyValue(args, ['arguments'], substitute()) as unknown[]
  } catch (error) {
    return new HeldStateError(
      'invalid-value',
      `"${member}" of state "${definition}" was not called: ${messageOf(error)}`,
    )
  }
}

/** More than a message can carry. One object at many places is copied at each, and few can stand for very many. */
const mostObjects = 1_000_000

/** A form becomes an object of its fields, and an instance of a class that extends Date, Map or Set a plain one. */
function substitute(): Substitute {
  let count = 0
  const plain: Substitute = (value, path) => {
    count += 1
    if (count > mostObjects) throw new Error(`more than ${mostObjects} objects`)
    const made = isForm(value) ? fieldsOf(value) : kindOf(value) === 'invalid' ? builtIn(value) : value
    return made === value ? undefined : { value: copyValue(made, path, plain) }
  }
  return plain
}

const isForm = (value: object): value is FormData => typeof FormData === 'function' && value instanceof FormData

/** By what the engine calls it: the instance may be of another realm, such as an iframe or a test runner. */
function builtIn(value: object): object {
  const tag = Object.prototype.toString.call(value)
  if (tag === '[object Date]') return new Date(Number(value))
  if (tag === '[object Map]') return new Map(value as Map<unknown, unknown>)
  return tag === '[object Set]' ? new Set(value as Set<unknown>) : value
}

/** A name that is repeated becomes a list. Where no file was chosen, a browser puts in one that is empty and has no name. */
function fieldsOf(form: FormData): object {
  const fields = new Map<string, unknown>()
  for (const name of form.keys()) {
    const all = form.getAll(name).filter((value) => typeof value === 'string' || value.name || value.size)
    if (all.length > 0) fields.set(name, all.length > 1 ? all : all[0])
  }
  return Object.fromEntries(fields)
}
