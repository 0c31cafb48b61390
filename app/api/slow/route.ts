/** Stands in for somebody else's slow service. `?source=broken` answers 503. */
import { setTimeout as wait } from 'node:timers/promises'

/** Milliseconds; a test that kills the server while it waits has it take longer. */
const takesMs = Number(process.env.SLOW_SERVICE_MS ?? 1000)

export async function GET(request: Request) {
  await wait(takesMs)
  if (new URL(request.url).searchParams.get('source') === 'broken')
    return Response.json({ error: 'out of order' }, { status: 503 })
  return Response.json({
    rows: [
      { city: 'Bergen', degrees: 7 },
      { city: 'Lisbon', degrees: 19 },
      { city: 'Nairobi', degrees: 24 },
      { city: 'Wellington', degrees: 13 },
    ],
  })
}
