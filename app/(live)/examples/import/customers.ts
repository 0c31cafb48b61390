import { setTimeout as wait } from 'node:timers/promises'

export const saved = new Map<string, string>()

/** Stands for your database, which has one row for each address. Gives what is wrong with the line, or nothing. */
export async function saveCustomer(line: string): Promise<string | undefined> {
  const [name, mail] = line.split(',').map((cell) => cell.trim())
  if (!name || !mail?.includes('@')) return `"${line.slice(0, 60)}" has no e-mail address`
  if (line.length > 200) return `"${line.slice(0, 60)}…" is too long: 200 characters at most`
  await wait(30) // a database takes its time
  if (saved.size === 50_000) saved.clear() // this one is small
  saved.set(mail, name) // INSERT … ON CONFLICT (mail) DO UPDATE
  return undefined
}
