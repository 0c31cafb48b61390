/** `heldstate/unconnected`: imported for what it does, before components of a page that has no server. */
export {} from '../react/unconnected.js'
