/**
 * Fuzzes the wire: `npm run fuzz` sends 200,000 messages straight to a hub and 20,000 over sockets, `npm run fuzz -- 7 1000000`
 * a million from the seed 7, with a tenth of them over sockets. A fault names the seed of its page; `npm run fuzz -- SEED 1`
 * is that page alone, without the tabs that were before it. Exits with 1 if there was one, or if nothing moved for half a minute.
 */
import { Worker } from 'node:worker_threads'
import { fuzzSocket } from '../lib/transport/socket-fuzz.fixture.ts'
import { fuzzHub } from '../lib/transport/wire-fuzz.fixture.ts'

const [seed = Date.now() % 1_000_000, messages = 200_000] = process.argv.slice(2).map(Number)
const current = new Int32Array(new SharedArrayBuffer(4))
new Worker(
  `const { workerData } = require('node:worker_threads')
   let [last, still] = [0, 0]
   setInterval(() => {
     still = workerData[0] === last ? still + 1 : 0
     last = workerData[0]
     if (still < 30) return
     require('node:fs').writeSync(1, 'a page hangs, or the one before it: seed ' + last + String.fromCharCode(10))
     process.kill(process.pid, 'SIGKILL')
   }, 1_000)`,
  { eval: true, workerData: current, execArgv: [] },
).unref()

const begins = (page) => {
  current[0] = page
}
const options = { seed, say: console.log, begins }
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
