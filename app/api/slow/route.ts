/** Stands in for somebody else's slow service. `?source=broken` answers 503. */
import { setTimeout as wait } from 'node:timers/promises'

export async function GET(request: Request) {
  await wait(1000)
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
