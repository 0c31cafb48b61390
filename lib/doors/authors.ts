/** `heldstate`: for authors of state modules. */
export type { Duration } from '../base/duration.js'
export type { Json } from '../base/encode.js'
export { type ErrorCode, type Failure, HeldStateError, ImmutableStateError, type Issue } from '../base/errors.js'
export { Refusal } from '../base/refusal.js'
export { append } from '../delta/append.js'
export { plain } from '../delta/plain.js'
export type { DeepReadonly } from '../delta/view.js'
export type { Manifest } from '../protocol/manifest.js'
export type {
  Background,
  EventOptions,
  EventResult,
  On,
  Replied,
  Results,
  SchemaArgs,
  TaskResult,
  Triggers,
} from '../state/declaration.js'
export { type Builder, defineState } from '../state/define.js'
export type {
  ArgsOf,
  Call,
  ClientView,
  Definition,
  EndedRun,
  EventDeclaration,
  EventFunction,
  ReplyOf,
  Shape,
  ShapeOf,
  StartedRun,
  StateOf,
  TaskCopy,
  TaskDeclaration,
  TaskHandle,
  TaskTrigger,
  TriggersOf,
  ViewOf,
} from '../state/definition.js'
export type { Predict, Predictions } from '../state/prediction.js'
export { type Reply, reply } from '../state/reply.js'
export type { EventContext, Held, HeldToken, Self } from '../state/self.js'
export type { Flat, Storable } from '../state/storable.js'
export type { TaskOptions } from '../state/task-options.js'
export type { StartingTask, Trigger, TriggerOptions } from '../state/trigger.js'
