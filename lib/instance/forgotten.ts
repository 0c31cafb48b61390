/** The error of calls to a state that the app has ended, as for a logout. Such calls take no effect. */
import { HeldStateError } from '../base/errors.js'

export const forgotten = (): HeldStateError =>
  new HeldStateError(
    'state-lost',
    'The app has ended the state of this tab, as for a logout. The page begins with a new one.',
  )
