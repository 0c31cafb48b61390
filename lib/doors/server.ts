/** `heldstate/server`: for route handlers, server actions, scripts and servers. */
export type { Clock } from '../base/clock.js'
export { type ErrorCode, HeldStateError, ImmutableStateError } from '../base/errors.js'
export type { Limits } from '../base/limits.js'
export type { Log } from '../base/log.js'
export { Refusal } from '../base/refusal.js'
export { type RedisStoreOptions, redisStore } from '../cluster/redis/store.js'
export type { SharedStore } from '../cluster/shared-store.js'
export type { Whose } from '../hub/forgotten-tabs.js'
export type { HubOptions } from '../hub/options.js'
export { hub } from '../hub/process-hub.js'
export { type BackgroundTask, createHub, type Hub } from '../hub/public.js'
export { forgetBrowser, forgetTab } from '../next/request/forget.js'
export type { GivenRequest } from '../next/request/given-request.js'
export { getState, modifyState } from '../next/request/state.js'
export type { Shape as StoredShape } from '../state/shape.js'
export { type DiskStoreOptions, diskStore } from '../store/disk/store.js'
export { type Memory, memoryStore } from '../store/memory.js'
export type {
  CallEnd,
  CallReply,
  ClusterEvents as Ears,
  DurableRun,
  Fields,
  PageCalls,
  RunEnd,
  RunningTask,
  Shared,
  State,
  StateStore,
  Stored,
  TaskEnd,
  TaskName,
} from '../store/store.js'
