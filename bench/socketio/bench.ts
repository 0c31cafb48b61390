/**
 * heldstate next to bare Socket.IO: the same payload, in one run, alternating, medians of the rounds. Only the ratios mean
 * something; the machine's speed does not. Below each figure stand the five most expensive functions of the server, with what they take
 * of its CPU, on the side of heldstate alone. `npm run bench`, or `npm run bench -- --quick`.
 */
import { connecting, memory } from './connecting.js'
import { loading } from './loading.js'
import { rounds } from './pairs.js'
import { pushes } from './pushes.js'
import { nextToRows, onDisk } from './rows.js'
import { counters, speed, starts } from './speed.js'

console.log(`heldstate next to bare Socket.IO, medians of ${rounds} rounds and of their ratios; ±15 % is noise`)
const parts = { speed, starts, counters, pushes, connecting, memory, loading, nextToRows, onDisk }
const [, , ...args] = process.argv
const chosen = args.filter((arg) => !arg.startsWith('--'))
for (const [name, part] of Object.entries(parts)) if (chosen.length === 0 || chosen.includes(name)) await part()
process.exit(0)
