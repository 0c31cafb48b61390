'use client'
/** `heldstate/react`: for components. */
export { type ErrorCode, HeldStateError, type Issue } from '../base/errors.js'
export { ConnectionStatus, type ConnectionStatusProps } from '../react/connection-status.js'
export type { DefaultValue, FormControl } from '../react/form-controls.js'
export type { FormErrors, FormState, FormValues } from '../react/form-state.js'
export { heldFetch } from '../react/tab.js'
export { type Connection, type ConnectionStatus as ConnectionState, useConnection } from '../react/use-connection.js'
export {
  type ChoiceProps,
  type FieldName,
  type FieldProps,
  type FormAction,
  type ServerForm,
  type ServerFormOptions,
  useServerForm,
} from '../react/use-server-form.js'
export { useServerState } from '../react/use-server-state.js'
export type { Call, ClientView, Definition, EventFunction, TaskHandle } from '../state/definition.js'
