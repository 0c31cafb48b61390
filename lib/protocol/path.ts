/** Where the hub listens. A path that starts with an underscore can never be a route of the app. */
export const socketPath = '/_heldstate'

/** What a page asks whether the line still stands; it is answered at once, whatever its calls wait for. */
export const lineQuestion = 'alive'
