import { withHeldState } from 'heldstate/next'

/** As create-next-app has it. */
export default withHeldState({ cacheComponents: true, partialPrefetching: true })
