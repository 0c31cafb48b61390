/** `heldstate/server`: for route handlers, server actions, scripts and servers. */
export { type ErrorCode, HeldStateError, ImmutableStateError } from '../base/errors.js'
export { createHub, type Hub } from '../hub/hub.js'
export type { HubOptions } from '../hub/options.js'
export { hub } from '../hub/process-hub.js'
export { getState, modifyState } from '../next/state.js'
export { memoryStore } from '../store/memory.js'
export { type RedisStoreOptions, redisStore } from '../store/redis.js'
export type { StateStore, Stored } from '../store/store.js'
