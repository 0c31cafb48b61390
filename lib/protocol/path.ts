/** Where the hub listens. A path that starts with an underscore can never be a route of the app. */
export const socketPath = '/_heldstate'
