/**
 * Writing to the state from outside: the event starts a promise, does not wait for it, and gives the lock back. Seconds
 * later the promise takes the lock of that tab by its token and writes what it has got.
 */
import { defineState, Refusal } from 'heldstate'
import { modifyState } from 'heldstate/server'
import { z } from 'zod'
import { ownOrigin } from './origin'

const answer = z.object({ rows: z.array(z.object({ city: z.string(), degrees: z.number() })) })
type Rows = z.infer<typeof answer>['rows']

export const rows = defineState('rows', () => ({
  loading: false,
  rows: [] as Rows,
  error: null as string | null,
})).events((on) => ({
  fetchData: on(function (s, source: 'good' | 'broken') {
    if (s.loading) return
    s.loading = true
    s.error = null
    void fetchInto(this.token, source)
  }),
}))

async function fetchInto(token: string, source: 'good' | 'broken'): Promise<void> {
  const outcome = await fetchRows(source).then(
    (fetched) => ({ rows: fetched, error: null }),
    (error: unknown) => ({
      rows: [],
      error: error instanceof Refusal ? error.message : 'The weather service cannot be reached.',
    }),
  )
  await modifyState(token, rows, (s) => {
    s.loading = false
    s.rows = outcome.rows
    s.error = outcome.error
  })
}

async function fetchRows(source: 'good' | 'broken'): Promise<Rows> {
  const response = await fetch(`${ownOrigin()}/api/slow?source=${source}`, { cache: 'no-store' })
  if (!response.ok) throw new Refusal(`The weather service answered ${response.status}.`)
  return answer.parse(await response.json()).rows
}
