/** `heldstate/stub`: what the loader writes in place of a state module. Not for people. */
export { stub } from '../state/stub.js'
