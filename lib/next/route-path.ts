/** Where the app's one route for heldstate lives: `app/api/heldstate/route.ts`. */
export const routePath = '/api/heldstate'

export const routeKeyHeader = 'x-heldstate-key'

/** The route as it is called from outside, with what the app's config puts around it; set when the config is read. */
export const routeVariable = 'HELDSTATE_ROUTE'
