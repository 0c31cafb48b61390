/** What server code is given outside of handlers. Nothing of it runs. */
import { defineState } from '../doors/authors.js'
import { createHub, hub, modifyState } from '../doors/server.js'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
declare function same<A, B>(proof: Same<A, B>): void

const d = defineState('d', () => ({ n: 0 }))
  .private(() => ({ secret: 'x' }))
  .computed({ double: (s) => s.n * 2 })
const other = defineState('other', () => ({ words: [] as string[] }))

const made = modifyState('token', d, (s, held) => {
  same<typeof s.secret, string>(true)
  same<typeof held.token, string>(true)
  held.get(other).words.push(s.secret)
  held.rollback()
  // @ts-expect-error each state has its own fields
  void held.get(other).n
  // @ts-expect-error more than one state may be meant, so there is no one `state`
  void held.state
  return s.n
})
same<typeof made, Promise<number>>(true)
const waited = modifyState('token', d, async () => 'x' as const)
same<typeof waited, Promise<'x'>>(true)
// @ts-expect-error fields have their types
void modifyState('token', d, (s) => (s.n = 'x'))
// @ts-expect-error a computed value is no field of the draft
void modifyState('token', d, (s) => s.double)
// @ts-expect-error a definition, not its id
void modifyState('token', 'd', () => {})
// @ts-expect-error a change is a function
void modifyState('token', d, { n: 1 })
// @ts-expect-error a token is a text
void modifyState(5, d, () => {})

async function block() {
  await using held = await hub.lock('token')
  held.get(d).secret = 'y'
  // @ts-expect-error the draft has the types of the fields
  held.get(d).n = 'x'
  // @ts-expect-error a block has no second lock in it
  void held.lock('token')
}
void block

for (const task of hub.backgroundTasks) {
  same<typeof task.token, string>(true)
  same<typeof task.settled, Promise<void>>(true)
  // @ts-expect-error an entry names its task, it does not change it
  task.task = 'x'
  // @ts-expect-error the set is live, and not the caller's
  hub.backgroundTasks.delete(task)
}
same<ReturnType<typeof hub.close>, Promise<void>>(true)
// @ts-expect-error nor is that of a hub of one's own
createHub().backgroundTasks.clear()
