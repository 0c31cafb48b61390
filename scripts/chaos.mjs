/**
 * Kills a server again and again while tabs make calls: `npm run chaos`, or `npm run chaos -- 50 20 7` for 50 kills, 20 tabs
 * and the seed 7. With `--nodes 3`, three servers over one redis, which are killed, frozen and closed in turns:
 * `npm run chaos -- --nodes 3 --kills 100 --tabs 50 --seed 7 --lease 4 --pause 2`, with a lease and pauses of so many seconds. Exits with 1 if a promise was broken.
 */
import { parseArgs } from 'node:util'
import { chaos } from '../chaos/chaos.ts'
import { chaosOfNodes } from '../chaos/nodes.ts'

const names = ['nodes', 'kills', 'tabs', 'seed', 'lease', 'pause']
const { values, positionals } = parseArgs({
  options: Object.fromEntries(names.map((name) => [name, { type: 'string' }])),
  allowPositionals: true,
})
const [kills, tabs, seed] = ['kills', 'tabs', 'seed'].map((name, at) => Number(values[name] ?? positionals[at]))
const nodes = Number(values.nodes ?? 1)
const options = {
  kills: kills || (nodes > 1 ? 100 : 200),
  tabs: tabs || (nodes > 1 ? 50 : 20),
  seed: seed || Date.now() % 100_000,
  say: console.log,
}
const began = performance.now()
console.log(`${options.kills} kills, ${options.tabs} tabs, seed ${options.seed}`)
const { faults, lines } = await (nodes > 1 ? ofNodes() : ofOne())

for (const fault of faults) console.log(fault)
for (const line of lines) console.log(line)
console.log(`seed ${options.seed}: ${faults.length} faults in ${((performance.now() - began) / 1000).toFixed(0)} s`)
process.exit(faults.length === 0 ? 0 : 1)

async function ofOne() {
  const report = await chaos(options)
  const { killsOfStarts, closes, reloads, calls, interruptedTasks } = report
  return {
    faults: report.faults,
    lines: [
      `${report.kills} kills and ${killsOfStarts} of a server that started, ${closes} closed in order, ${options.tabs} tabs, ${reloads} reloads`,
      `${calls} calls: ${counts(report.ends)}; ${interruptedTasks} tasks interrupted`,
    ],
  }
}

async function ofNodes() {
  const lease = Number(values.lease ?? 4)
  const report = await chaosOfNodes({
    ...options,
    nodes,
    leaseSeconds: lease,
    pauseSeconds: Number(values.pause ?? lease / 2),
  })
  const { takeovers, disturbed, afterHarms, leaseMs, reloads, calls, jobs, moved } = report
  return {
    faults: report.faults,
    lines: [
      `${nodes} nodes, ${options.tabs} tabs, ${reloads} reloads; ${counts(report.done)}`,
      `${calls} calls: ${counts(report.ends)}`,
      `${jobs} durable tasks, which went on elsewhere ${moved} times`,
      `takeover after a kill, with a lease of ${leaseMs} ms: ${spread(takeovers)}`,
      `the same, while another node was killed or frozen as well: ${spread(disturbed)}`,
      `of those, from the last such harm on: ${spread(afterHarms)}`,
    ],
  }
}

function spread(sorted) {
  const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]
  return `p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, longest ${at(1)} ms, of ${sorted.length}`
}

function counts(what) {
  return Object.entries(what)
    .map(([name, times]) => `${times} ${name}`)
    .join(', ')
}
