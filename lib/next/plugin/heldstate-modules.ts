/**
 * The state modules of the app. The loader of the plugin puts imports of all `*.state.ts` instead of this file; its name
 * is how the bundlers find it.
 */
import { HeldStateError } from '../../base/errors.js'
import type { StateModule } from '../../state/registry.js'

export function modules(): Promise<readonly StateModule[]> {
  throw new HeldStateError(
    'missing-plugin',
    'The state modules are not compiled in. Wrap the config in next.config: export default withHeldState({ ... }), from "heldstate/next".',
  )
}

if (process.env.NEXT_PHASE === 'phase-production-build') modules() // a build that cannot work must not look like one that does
