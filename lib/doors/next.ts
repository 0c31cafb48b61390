/** `heldstate/next`: for next.config and server.ts. */
export { type HeldStateConfig, withHeldState } from '../next/plugin/config.js'
export { serve } from '../next/server/serve.js'
export type { Served, ServeOptions } from '../next/server/server.js'
export { type DiskStoreOptions, diskStore } from '../store/disk/store.js'
