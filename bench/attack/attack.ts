/**
 * An honest neighbour beside each attack, one after the other, against one process with a heap of 512 MB: `npm run attack`.
 * `--only C2,H1` runs those whose names begin so, `--rounds 1` fewer than three, `--short` small ones, `--store disk` or a
 * redis url another store, `--settle 30` waits so many seconds for memory, `--json FILE` keeps the figures. Exits with 1 on a miss.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { attacks } from './attacks.js'
import { fullPace, shortPace } from './paces.js'
import type { Attack } from './scene.js'
import { Fallen, type Result, Stage } from './stage.js'
import { broken, isHarmed, median, megabytes, millis, slow } from './targets.js'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string' },
    short: { type: 'boolean' },
    store: { type: 'string' },
    settle: { type: 'string' },
    json: { type: 'string' },
    list: { type: 'boolean' },
  },
})
const only = values.only?.split(',') ?? ['']
const chosen = attacks.filter(({ name }) => only.some((start) => name.startsWith(start)))
if (values.list) {
  for (const { name, title } of attacks) console.log(`${name.padEnd(24)} ${title}`)
  process.exit(0)
}

const rounds = Number(values.rounds ?? (values.short ? 1 : 3))
const store = values.store ?? 'memory'
const chosenPace = values.short ? shortPace(store) : fullPace(store)
const pace = values.settle === undefined ? chosenPace : { ...chosenPace, settleMs: Number(values.settle) * 1_000 }
const results = new Map<Attack, Result[]>(chosen.map((attack) => [attack, []]))
const misses = new Map<Attack, Set<string>>(chosen.map((attack) => [attack, new Set()]))
const stage = new Stage(pace, 'dist')
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void stage.end().then(() => process.exit(130)))
let starts = 0

console.log(`${chosen.length} attacks, ${rounds} rounds, store ${store}, heap 512 MB; a click every 25 ms`)
for (let round = 1; round <= rounds; round += 1)
  for (const attack of chosen) {
    try {
      const result = await stage.run(attack)
      const missed = broken(attack, result)
      results.get(attack)?.push(result)
      for (const miss of missed) misses.get(attack)?.add(miss)
      say(attack, result, missed, round)
      if (isHarmed(missed)) await restart()
      else if (attack.fills) await stage.end()
    } catch (error) {
      if (!(error instanceof Fallen)) throw error
      misses.get(attack)?.add(error.message)
      console.log(`${attack.name} (${round}): ${error.message}`)
      await restart()
    }
  }
await stage.end()
for (const attack of chosen) for (const miss of slow(attack, results.get(attack) ?? [])) misses.get(attack)?.add(miss)

console.log(
  '\nattack                    p50 before/during/after     p99 before/during/after     delay p99/max   memory     peak   log',
)
for (const attack of chosen) {
  console.log(row(attack))
  for (const miss of misses.get(attack) ?? []) console.log(`    missed: ${miss}`)
}
const missing = chosen.filter((attack) => misses.get(attack)?.size)
console.log(
  `\n${chosen.length - missing.length} of ${chosen.length} attacks reach the targets; the server was started again ${starts} times`,
)
if (values.json) writeFileSync(values.json, JSON.stringify(figures(), undefined, 2))
process.exit(missing.length === 0 ? 0 : 1)

async function restart(): Promise<void> {
  starts += 1
  await stage.end()
}

function say({ name }: Attack, { outcome, during, backMs }: Result, missed: readonly string[], round: number): void {
  const back = backMs === undefined ? 'memory is not back' : `memory back after ${(backMs / 1000).toFixed(0)} s`
  const felt = `p50 ${millis(during.p50)}, p99 ${millis(during.p99)}, loop ${millis(during.delay.p99)}`
  console.log(
    `${name} (${round}): ${outcome?.done}; ${felt}; ${back}${missed.length ? `; missed: ${missed.join('; ')}` : ''}`,
  )
}

function row(attack: Attack): string {
  const all = results.get(attack) ?? []
  if (all.length === 0) return `${attack.name.padEnd(22)} no round was lived through`
  const of = (figure: (result: Result) => number) => median(all.map(figure))
  const three = (figure: 'p50' | 'p99') =>
    [of(({ before }) => before[figure]), of(({ during }) => during[figure]), of(({ after }) => after[figure])]
      .map((ms) => millis(ms).padStart(8))
      .join(' ')
  const delay = `${millis(of(({ during }) => during.delay.p99))}/${millis(of(({ during }) => during.delay.max))}`
  const grown = megabytes(of(({ atFirst, atLast }) => atLast.live - atFirst.live))
  const peak = megabytes(of(({ peakRss }) => peakRss))
  const logged = of(({ atFirst, atLast }) => atLast.logBytes - atFirst.logBytes)
  return `${attack.name.padEnd(22)} ${three('p50')} ${three('p99')} ${delay.padStart(16)} ${grown.padStart(9)} ${peak.padStart(9)} ${logged} B`
}

function figures(): object {
  return chosen.map((attack) => ({
    attack: attack.name,
    title: attack.title,
    misses: [...(misses.get(attack) ?? [])],
    rounds: (results.get(attack) ?? []).map(({ lines, ...rest }) => ({ ...rest, lines: lines.slice(0, 20) })),
  }))
}
