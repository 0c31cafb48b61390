/** `heldstate/server` in the edge runtime: its names, and why they do not work there. */
export { HeldStateError, ImmutableStateError } from '../base/errors.js'
export { Refusal } from '../base/refusal.js'
export {
  createHub,
  diskStore,
  forgetBrowser,
  forgetTab,
  getState,
  hub,
  memoryStore,
  modifyState,
  redisStore,
} from '../next/request/edge.js'
