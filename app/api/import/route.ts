import { Refusal } from 'heldstate'
import { keepFile } from '../../(live)/examples/import/files'

export async function POST(request: Request) {
  try {
    return Response.json({ name: await keepFile(request.body) })
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return Response.json({ problem: error.message }, { status: 422 })
  }
}
