/**
 * Writing to the state from outside: the event starts a promise, does not wait for it, and gives the lock back. Seconds
 * later the promise takes the lock of that tab by its token and writes what it has got.
 *
 * A promise ends with its process, and nobody is left to say so. So the state says when it was asked, which stays true, and not that something is
 * loading; and the last one who asks is answered, whatever became of the others.
 */
import { defineState, Refusal } from 'heldstate'
import { modifyState } from 'heldstate/server'
import { z } from 'zod'
import { ownOrigin } from './origin'
import { patienceMs } from './patience'

const answer = z.object({ rows: z.array(z.object({ city: z.string(), degrees: z.number() })) })
type Rows = z.infer<typeof answer>['rows']

export const rows = defineState('rows', () => ({
  /** Milliseconds since the epoch, while there is no answer. */
  asked: null as number | null,
  rows: [] as Rows,
  error: null as string | null,
}))
  .private(() => ({ question: 0 }))
  .events((on) => ({
    fetchData: on(function (s, source: 'good' | 'broken') {
      s.asked = Date.now()
      s.error = null
      s.question += 1
      void fetchInto(this.token, s.question, source)
    }),
  }))

async function fetchInto(token: string, question: number, source: 'good' | 'broken'): Promise<void> {
  const outcome = await fetchRows(source).then(
    (fetched) => ({ rows: fetched, error: null }),
    (error: unknown) => ({
      rows: [],
      error: error instanceof Refusal ? error.message : 'The weather service cannot be reached.',
    }),
  )
  await modifyState(token, rows, (s) => {
    if (s.question === question) Object.assign(s, { asked: null, ...outcome })
  })
}

async function fetchRows(source: 'good' | 'broken'): Promise<Rows> {
  const signal = AbortSignal.timeout(patienceMs)
  const response = await fetch(`${ownOrigin()}/api/slow?source=${source}`, { cache: 'no-store', signal })
  if (!response.ok) throw new Refusal(`The weather service answered ${response.status}.`)
  return answer.parse(await response.json()).rows
}
