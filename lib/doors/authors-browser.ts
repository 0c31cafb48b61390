/** `heldstate` in a browser bundle: the names of the door for authors, and why they do not work there. */
export { HeldStateError, ImmutableStateError } from '../base/errors.js'
export { Refusal } from '../base/refusal.js'
export { append } from '../delta/append.js'
export { plain } from '../delta/plain.js'
export { defineState } from '../state/browser.js'
export { reply } from '../state/reply.js'
