/** `heldstate/faults`: for a page that shows or tests what a bad network does. Everything else leaves it alone. */
export { type Faults, type FaultsNow, faults, type WireEvent } from '../client/faults.js'
