/** A process that saves without end, and says which revision of all its tokens is acknowledged. */
import { diskStore } from './store.js'

const store = diskStore({ dir: process.argv[2] as string })
for (let n = 1; ; n += 1) {
  const next = {
    revision: n,
    state: { a: { n }, b: { text: String(n).repeat(2_000) } },
    calls: [{ page: 'p', done: n, ends: [], forgotten: 0 }],
    running: [],
    ended: [],
    shapes: {},
  }
  await Promise.all(['t0', 't1', 't2'].map((token) => store.save(token, next)))
  process.stdout.write(`${n}\n`)
}
