/** `heldstate/next/route`: re-exported by the app's one route file, app/api/heldstate/route.ts. */
export { GET } from '../next/request/route.js'
