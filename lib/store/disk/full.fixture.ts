/** A process whose disk becomes full: it saves until a save is refused, and says what it was told and what it still has. */
import { messageOf } from '../../base/errors.js'
import { diskStore } from './store.js'

const store = diskStore({ dir: process.argv[2] as string })
const stored = (n: number) => ({
  revision: n,
  state: { a: { n, text: 'x'.repeat(n * 5_000) } },
  calls: [],
  running: [],
  ended: [],
  shapes: {},
})
let kept = 0
let refusal: unknown
while (refusal === undefined)
  try {
    await store.save('t', stored(kept + 1))
    kept += 1
  } catch (error) {
    refusal = error
  }
const found = await store.load('t')
await new Promise((resolve) => setTimeout(resolve, 50)) // a rejection that nobody handles ends the process here
await store.close()
console.log(JSON.stringify({ kept, refusal: messageOf(refusal), loaded: found?.revision }))
