/** What a draft says of a change that it does not take. */
import { HeldStateError, ImmutableStateError } from '../base/errors.js'
import { formatPath, type Path } from '../base/value.js'

/** `what` was changed after the lock was released. */
export const changedUnlocked = (what: PropertyKey, path: Path): ImmutableStateError =>
  new ImmutableStateError(
    `"${String(what)}"${path.length > 0 ? ` of ${formatPath(path)}` : ''} was changed after the lock was released. ` +
      'In an event, await the work before the handler returns. In a task, change the state inside `await self.update((s) => { ... })` or after ' +
      '`await using held = await self.lock()`. In other code, such as a timer, use `await modifyState(token, definition, (s) => { ... })`.',
  )

/** `what` is computed from the fields of the state at `path`. */
export const computedValue = (what: PropertyKey, path: Path): HeldStateError =>
  new HeldStateError(
    'not-a-field',
    `"${String(what)}" of state "${String(path[0])}" is a computed value, and code that changes the state sees only fields. Move the ` +
      'shared logic into a function (s) => ..., and call it in both places.',
  )

/** Something that a plain value can and the draft at `path` cannot. */
export const onlyPlainCan = (what: string, path: Path): HeldStateError =>
  new HeldStateError(
    'invalid-value',
    `${formatPath(path)} cannot ${what}: it is a draft, which stays writable while its lock is held. ` +
      'Use a copy: plain(value).',
  )
