/**
 * Tabs that come, call and go for good, over a store on the disk: how large its folder and the process are in the end, beside what is alive.
 * `npm run churn`, or `npm run churn -- --events 1000000 --tokens 100000 --alive 2000`. Exits with 1 if more is left than twice that.
 */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { defineState } from 'heldstate'
import { HubRuntime } from '../../lib/dist/hub/hub.js'
import { sqliteDriver } from '../../lib/dist/store/disk/sqlite.js'
import { diskStore } from '../../lib/dist/store/disk/store.js'

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '1000000' },
    tokens: { type: 'string', default: '100000' },
    alive: { type: 'string', default: '2000' },
  },
})
const [events, tokens, alive] = [values.events, values.tokens, values.alive].map(Number) as [number, number, number]
const atOnce = 500

const board = defineState('board', () => ({ counter: 0, note: '', rows: [] as { id: number; name: string }[] })).events(
  (on) => ({
    change: on((s, n: number) => {
      s.counter += 1
      if (n % 3 === 0) s.note = 'x'.repeat((n * 37) % 2_000)
      if (n % 5 === 0) s.rows.push({ id: n, name: `row ${n}` })
    }),
  }),
)
const dir = mkdtempSync(join(tmpdir(), 'heldstate-churn-'))
const hub = new HubRuntime({ store: diskStore({ dir }), limits: { unloadMs: 1_000, retainMs: 20_000 } })
hub.registry.add(board)
await hub.resume()
const newToken = () => randomBytes(16).toString('hex')

const call = (token: string, n: number) => hub.call({ token, definition: 'board', member: 'change', args: [n] })

async function visit(token: string, calls: number): Promise<void> {
  for (let n = 0; n < calls; n += 1) await call(token, n)
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`
const folderBytes = () => readdirSync(dir).reduce((sum, name) => sum + statSync(join(dir, name)).size, 0)

/** Bytes of a copy without anything that is not needed. */
function aliveBytes(): number {
  const copy = join(dir, '..', `${randomBytes(4).toString('hex')}.sqlite`)
  const raw = sqliteDriver().open(join(dir, 'state.sqlite'))
  raw.exec(`VACUUM INTO '${copy}'`)
  raw.close()
  const { size } = statSync(copy)
  rmSync(copy)
  return size
}

async function memory(): Promise<number> {
  for (let pass = 0; pass < 3; pass += 1) {
    global.gc?.()
    await sleep(50)
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

const stay = Array.from({ length: alive }, newToken)
for (const token of stay) await visit(token, 10)
const first = await memory()
console.log(`${alive} tabs that stay: folder ${megabytes(folderBytes())}, memory ${megabytes(first)}`)
const began = performance.now()
let done = 0
let largest = 0
let kept = 0
for (let come = 0; come < tokens; come += atOnce) {
  const group = Array.from({ length: Math.min(atOnce, tokens - come) }, newToken)
  await Promise.all(group.map((token) => visit(token, Math.round(events / tokens))))
  done += group.length
  largest = Math.max(largest, folderBytes())
  for (; kept < (done / tokens) * 10 * stay.length; kept += 1) await call(stay[kept % stay.length] as string, kept) // they stay in use
  if (done % (tokens / 10) === 0) console.log(`${done} tabs have come: folder ${megabytes(folderBytes())}`)
}
console.log(
  `${events} events in ${((performance.now() - began) / 1000).toFixed(0)} s; the folder was ${megabytes(largest)} at most`,
)
for (let pass = 0; pass < 6; pass += 1) {
  for (const token of stay) await call(token, pass)
  await sleep(10_000)
}
const [folder, needed, last] = [folderBytes(), aliveBytes(), await memory()]
console.log(
  `in the end: folder ${megabytes(folder)} of ${megabytes(needed)} needed; memory ${megabytes(last)}, at first ${megabytes(first)}`,
)
const isSmall = folder <= 2 * needed && last <= 2 * first
console.log(isSmall ? 'reached' : 'missed ')
await hub.close()
rmSync(dir, { recursive: true })
process.exit(isSmall ? 0 : 1)
