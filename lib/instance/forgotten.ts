/** The app has ended the state of a tab, as for a logout: no call of it takes effect any more. */
import { HeldStateError } from '../base/errors.js'

export const forgotten = (): HeldStateError =>
  new HeldStateError(
    'state-lost',
    'The app has ended the state of this tab, as for a logout. The page begins with a new one.',
  )
