/** `heldstate`: for authors of state modules. */
export { type ErrorCode, HeldStateError, ImmutableStateError } from '../base/errors.js'
export { Refusal } from '../base/refusal.js'
export { plain } from '../delta/plain.js'
export { defineState } from '../state/define.js'
export type { ArgsOf, ClientView, Definition, StateOf, TaskHandle, ViewOf } from '../state/definition.js'
export type { EventContext, Held, HeldToken, Self } from '../state/self.js'
export type { Trigger } from '../state/trigger.js'
