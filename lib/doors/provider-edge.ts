/** `heldstate/provider` in the edge runtime: its name, and why it does not work there. */
export { HeldStateProvider } from '../next/request/edge.js'
