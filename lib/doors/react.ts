'use client'
/** `heldstate/react`: for components. */
export { HeldStateError, type ErrorCode } from '../base/errors.js'
export type { ClientView, TaskHandle } from '../state/definition.js'
export { type ConnectionStatus, useConnection } from '../react/use-connection.js'
export { useServerState } from '../react/use-server-state.js'
