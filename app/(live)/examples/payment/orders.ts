import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Refusal } from 'heldstate'

const mostOrders = 1000
const keptForMs = 3_600_000

/** Stands for the table of orders in your database, which has the token of the tab that placed each: secret, so it goes to no page. */
const folder = () => process.env.ORDERS ?? join(tmpdir(), 'heldstate-orders')

export async function rememberOrder(id: string, token: string): Promise<void> {
  await mkdir(folder(), { recursive: true, mode: 0o700 })
  const names = await readdir(/* turbopackIgnore: true */ folder())
  if (names.length >= mostOrders) await removeOld(names)
  await writeFile(join(folder(), id), token, { mode: 0o600 })
}

/** `undefined` where there is no such order. */
export async function tokenOf(id: string): Promise<string | undefined> {
  if (!/^[\da-f-]{36}$/.test(id)) return undefined
  return readFile(join(folder(), id), 'utf8').catch(() => undefined)
}

async function removeOld(names: readonly string[]): Promise<void> {
  let left = names.length
  for (const name of names) {
    const { mtimeMs } = await stat(join(folder(), name)).catch(() => ({ mtimeMs: 0 }))
    if (Date.now() - mtimeMs < keptForMs) continue
    await rm(join(folder(), name), { force: true })
    left -= 1
  }
  if (left >= mostOrders) throw new Refusal('The shop has too many open orders. Try again later.')
}
