/** Where the app's one route for heldstate lives, `app/api/heldstate/route.ts`, and what a request to it must carry. */
export const routePath = '/api/heldstate'

export const routeKeyHeader = 'x-heldstate-key'
export const jobHeader = 'x-heldstate-job'
