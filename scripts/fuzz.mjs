/**
 * Fuzzes the wire: `npm run fuzz` sends 200,000 messages straight to a hub and 20,000 over sockets, `npm run fuzz -- 7 1000000`
 * a million from the seed 7, with a tenth of them over sockets. A fault names the seed of its page; `npm run fuzz -- SEED 1`
 * is that page alone. Exits with 1 if there was one.
 */
import { fuzzSocket } from '../lib/transport/socket-fuzz.fixture.ts'
import { fuzzHub } from '../lib/transport/wire-fuzz.fixture.ts'

const [seed = Date.now() % 1_000_000, messages = 200_000] = process.argv.slice(2).map(Number)
const options = { seed, say: console.log }
let faulty = 0
for (const [name, fuzz, count] of [
  ['a hub', fuzzHub, messages],
  ['sockets', fuzzSocket, Math.ceil(messages / 10)],
]) {
  const began = performance.now()
  const { faults, pages, ends, ...report } = await fuzz({ ...options, messages: count })
  for (const fault of faults) console.log(fault)
  const counts = Object.entries(ends).map(([end, times]) => `${times} ${end}`)
  const seconds = ((performance.now() - began) / 1000).toFixed(0)
  console.log(
    `${name}, seed ${seed}: ${report.messages} messages of ${pages} pages in ${seconds} s: ${counts.join(', ')}`,
  )
  console.log(`${faults.length} kinds of faults`)
  faulty += faults.length
}
process.exit(faulty === 0 ? 0 : 1)
