/** `heldstate/provider`: for layouts and pages. */
export { HeldStateProvider, type HeldStateProviderProps } from '../next/provider.js'
