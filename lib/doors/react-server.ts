/** `heldstate/react` in the modules of server components, which may render its components and call none of its hooks. */
export { HeldStateError } from '../base/errors.js'
export { ConnectionStatus } from '../react/connection-status.js'
export { heldFetch, useConnection, useServerForm, useServerState } from '../react/server-component.js'
