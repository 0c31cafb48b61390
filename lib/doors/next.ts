/** `heldstate/next`: for next.config and server.ts. */
export { withHeldState } from '../next/config.js'
export { serve, type ServeOptions } from '../next/serve.js'
