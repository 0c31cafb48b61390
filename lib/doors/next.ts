/** `heldstate/next`: for next.config and server.ts. */
export { type HeldStateConfig, withHeldState } from '../next/plugin/config.js'
export { type Served, type ServeOptions, serve } from '../next/server/serve.js'
export { type DiskStoreOptions, diskStore } from '../store/disk.js'
