/** Runs before the workers of the specs of apps: packing removes for a moment what all of them use of the library. */
import { packed } from '../scripts/matrix/app.mjs'

export default function pack(): void {
  process.env.HELDSTATE_TARBALL = packed()
}
