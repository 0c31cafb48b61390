/** `heldstate/provider`: for layouts and pages. */
export { HeldStateProvider, type HeldStateProviderProps } from '../next/request/provider.js'
