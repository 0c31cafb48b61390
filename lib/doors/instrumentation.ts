/** `heldstate/next/instrumentation`: re-exported by the app's instrumentation.ts, if it is started by Next itself. */
export { type AttachOptions, register } from '../next/server/register.js'
