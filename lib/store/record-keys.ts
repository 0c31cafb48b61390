/** The keys under which the parts of a token are saved. */

export const separator = '\u0000'
export const headKey = (id: string) => `state${separator}${id}`
export const fieldKey = (id: string, name: string) => `field${separator}${id}${separator}${name}`
export const endKey = (run: string) => `run${separator}${run}`
export const patchKey = (field: string, number: number) => `${field}${separator}${number}`

const otherParts: Readonly<Record<string, string>> = {
  calls: 'The log of calls',
  running: 'The list of running tasks',
  ended: 'The list of tasks that have ended',
  run: 'The result of a task',
}

/** The same for all keys whose texts can be read together alone: those of a state. */
export function groupOf(key: string): string {
  const { isState, name } = partOf(key)
  return isState ? name : key
}

/** The part of a record that a key belongs to, as a person calls it, and what becomes of it where it cannot be read. */
export function partOf(key = ''): { readonly isState: boolean; readonly name: string; readonly fate: string } {
  const [kind = '', id] = key.split(separator)
  if (kind === 'state' || kind === 'field')
    return { isState: true, name: `The saved state "${id}"`, fate: 'starts with its first values' }
  return { isState: false, name: otherParts[kind] ?? `The entry "${kind}"`, fate: 'is left out' }
}
