/**
 * Kills a server again and again while tabs make calls: `npm run chaos`, or `npm run chaos -- 50 20 7` for 50 kills, 20 tabs
 * and the seed 7. Exits with 1 if a promise was broken.
 */
import { chaos } from '../lib/transport/chaos.fixture.ts'

const [kills = 200, tabs = 20, seed = Date.now() % 100_000] = process.argv.slice(2).map(Number)
const began = performance.now()
console.log(`${kills} kills, ${tabs} tabs, seed ${seed}`)
const report = await chaos({ kills, tabs, seed, say: console.log })

for (const fault of report.faults) console.log(fault)
const ends = Object.entries(report.ends).map(([end, calls]) => `${calls} ${end}`)
console.log(
  `seed ${seed}: ${report.kills} kills and ${report.killsOfStarts} of a server that started, ${report.closes} closed in order, ` +
    `${tabs} tabs, ${report.reloads} reloads; ${report.calls} calls: ${ends.join(', ')}; ${report.interruptedTasks} tasks interrupted; ` +
    `${report.faults.length} faults in ${((performance.now() - began) / 1000).toFixed(0)} s`,
)
process.exit(report.faults.length === 0 ? 0 : 1)
