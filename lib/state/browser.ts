/**
 * What `heldstate` is in a browser bundle, which only a module reaches that the plugin has not replaced by its stub.
 * Runners of tests with a DOM come here too: to them a package for "browser" is one for jsdom, and no plugin is about.
 */
import { HeldStateError } from '../base/errors.js'
import { defineState as define } from './define.js'

function refuse(id: string): never {
  const error = new HeldStateError(
    'missing-plugin',
    `State "${id}" is in a browser bundle, where states cannot be defined. ` +
      'Name its file *.state.ts, and wrap next.config: export default withHeldState({ ... }), from "heldstate/next". In Vite and Storybook: plugins: [heldState()], from "heldstate/vite".',
  )
  Error.captureStackTrace?.(error, refuse) // its first line is the author's
  throw error
}

/** Written so that bundlers see in a build which of the two it is, and leave the other one out. */
export const defineState: typeof define = process.env.NODE_ENV === 'test' ? define : refuse
