/**
 * The route through which the state modules are loaded. It lives in the app, so that Next compiles the modules like all
 * its server code: with the app's aliases and environment, and again after an edit.
 */
import { isHeldStateError, messageOf } from '../../base/errors.js'
import { currentSlot, refuseOtherVersion } from '../../hub/process-hub.js'
import { heldApp } from '../../protocol/heldstate-app.js'
import { modules } from '../plugin/heldstate-modules.js'
import { jobHeader, routeKeyHeader } from './route-path.js'

/** Loads the state modules into the hub of this process, or does a job that waits for a request. To everybody but this process, the route does not exist. */
export async function GET(request: Request): Promise<Response> {
  const given = request.headers.get(routeKeyHeader)
  const slot = currentSlot()
  if (!slot || given !== slot.routeKey) return new Response(null, { status: 404 })
  const job = request.headers.get(jobHeader)
  if (job !== null) {
    await slot.takeJob?.(job)?.()
    return new Response(null, { status: 204 })
  }
  try {
    refuseOtherVersion(slot)
    const loaded = await modules()
    slot.hub.registry.app = heldApp.id
    slot.hub.registry.replace(loaded, !process.env.TURBOPACK)
    return Response.json({ modules: loaded.map(({ source }) => source) })
  } catch (error) {
    return Response.json(
      { code: isHeldStateError(error) ? error.code : 'invalid-definition', message: messageOf(error) },
      { status: 500 },
    )
  }
}
