/**
 * The library that is attacked: compiled for figures, its source for tests, so that a test needs no build and shows what
 * the source does now. `ATTACK_LIBRARY=source` chooses.
 */
const root = process.env.ATTACK_LIBRARY === 'source' ? '../../lib' : '../../lib/dist'

const load = async <T>(file: string) => (await import(`${root}/${file}`)) as T

export const { defineState } = await load<typeof import('../../lib/dist/doors/authors.js')>('doors/authors.js')
export const { HubRuntime } = await load<typeof import('../../lib/dist/hub/hub.js')>('hub/hub.js')
export const { attachSocketIo } =
  await load<typeof import('../../lib/dist/transport/socketio.js')>('transport/socketio.js')
export const { memoryStore } = await load<typeof import('../../lib/dist/store/memory.js')>('store/memory.js')
export const { diskStore } = await load<typeof import('../../lib/dist/store/disk/store.js')>('store/disk/store.js')
export const { redisStore } =
  await load<typeof import('../../lib/dist/cluster/redis/store.js')>('cluster/redis/store.js')
export const { defaultLimits } = await load<typeof import('../../lib/dist/base/limits.js')>('base/limits.js')
export const { protocolVersion } =
  await load<typeof import('../../lib/dist/protocol/version.js')>('protocol/version.js')
export const { socketPath } = await load<typeof import('../../lib/dist/protocol/path.js')>('protocol/path.js')
export const { StateHandle } =
  await load<typeof import('../../lib/dist/client/state-handle.js')>('client/state-handle.js')
export const { socketWire } = await load<typeof import('../../lib/dist/client/socket.js')>('client/socket.js')
export const { Tab } = await load<typeof import('../../lib/dist/client/tab.js')>('client/tab.js')
