/**
 * Lives through seeded lives of a hub and its tabs: `npm run simulate -- 1 10000` those of the seeds 1 to 10,000, with one
 * number that life alone, told in full where it breaks a promise. `--nodes 3` has that many processes over one coordinator, and
 * `--calm` lets none of them die, `--queues` has tasks that wait for each other, and
 * `--two` has pages with a second subscription. A life has 40 steps, or as many as `--steps 400` says.
 */
import { parseArgs } from 'node:util'
import { simulate } from '../lib/dist/testing/simulation.js'

const { values, positionals } = parseArgs({
  options: {
    nodes: { type: 'string' },
    calm: { type: 'boolean' },
    queues: { type: 'boolean' },
    two: { type: 'boolean' },
    steps: { type: 'string' },
    sabotage: { type: 'string' },
  },
  allowPositionals: true,
})
const [first = 1, last = first] = positionals.map(Number)
const numbers = ['nodes', 'steps'].filter((name) => values[name]).map((name) => [name, Number(values[name])])
const options = { ...values, ...Object.fromEntries(numbers) }
let broken = 0
const all = { calls: 0, cuts: 0, crashes: 0, reloads: 0, duplicates: 0, freezes: 0, stalls: 0 }
for (let seed = first; seed <= last; seed += 1) {
  try {
    const lived = await simulate({ seed, ...options })
    for (const key of Object.keys(all)) all[key] += lived[key]
  } catch (error) {
    broken += 1
    console.log(first === last ? error.message : error.message.split('\n')[0])
  }
  if (seed % 1000 === 0 && seed < last) console.log(`seed ${seed}: ${broken} broken`)
}
const happened = Object.entries(all).map(([what, times]) => `${times} ${what}`)
console.log(`${last - first + 1} lives, ${happened.join(', ')}: ${broken} broke a promise`)
process.exit(broken === 0 ? 0 : 1)
