/**
 * The services that recipes call, as they promise to be: they know the keys that they have had, and keep what they did in a folder, so that it
 * outlives a process. `death` says at which call the process ends, and whether the call had its effect by then.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Death {
  /** Counted from 1, over all services and processes. */
  readonly call: number
  readonly when: 'before' | 'after'
}

export const life = {
  /** Where the services keep what they did. */
  folder: process.env.SERVICES ?? '',
  /** Ends the process, or whatever plays one: what called waits for ever. */
  meets: async (_at: Death): Promise<void> => {},
}

const log = (service: string) => join(life.folder, service)
const append = (service: string, line: string) => appendFileSync(log(service), `${line}\n`)

/** What a service did, in its order. */
export function done(service: string): readonly string[] {
  return existsSync(log(service)) ? readFileSync(log(service), 'utf8').split('\n').slice(0, -1) : []
}

async function called(effect: () => void): Promise<void> {
  const call = done('calls').length + 1
  append('calls', '')
  await life.meets({ call, when: 'before' })
  effect()
  await life.meets({ call, when: 'after' })
}

/** A mail service that skips letters whose key it knows. */
export function deliver(to: string, key: string): Promise<void> {
  return called(() => {
    if (done('keys').includes(key)) return
    append('keys', key)
    append('letters', to)
  })
}

/** A database with a row for each address. */
export async function saveCustomer(line: string): Promise<string | undefined> {
  const [, mail] = line.split(',')
  if (!mail) return `${line}: no address`
  await called(() => {
    if (!done('rows').includes(mail)) append('rows', mail)
  })
  return undefined
}
