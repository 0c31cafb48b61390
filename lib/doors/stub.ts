/** `heldstate/stub`: what the loader writes instead of a state module. Not for people. */
export { predictions } from '../state/prediction.js'
export { stub } from '../state/stub.js'
