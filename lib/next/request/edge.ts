/**
 * What `heldstate/server` and `heldstate/provider` are in a bundle for the edge runtime of Next: the refusal to be there, which stops `next build`. Without
 * it, the bundle would fail over a module of Node.
 */
import { missingInEdge } from '../../hub/process-hub.js'

/** Never called: what is missing are names alone, so that the refusal is what the bundler says. */
const missing = (): never => {
  throw missingInEdge()
}

export {
  missing as createHub,
  missing as diskStore,
  missing as forgetBrowser,
  missing as forgetTab,
  missing as getState,
  missing as HeldStateProvider,
  missing as hub,
  missing as memoryStore,
  missing as modifyState,
  missing as redisStore,
}

missing()
