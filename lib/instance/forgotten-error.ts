/** The error of calls to a state that the app has forgotten, as for a logout. Such calls take no effect. */
import { HeldStateError } from '../base/errors.js'

export const forgotten = (): HeldStateError =>
  new HeldStateError(
    'state-lost',
    'The app ended the state of this tab, for example at logout. The page starts with a new state.',
  )
