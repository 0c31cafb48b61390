/** What does esbuild's work: a program for each system, in a package of its own, of which the fitting one is installed. */
import { createRequire } from 'node:module'
import { arch, platform } from 'node:os'

/** What to say if the program for this system is not there. */
export function missingProgram(): string | undefined {
  if (process.env.ESBUILD_BINARY_PATH) return undefined
  const name = `@esbuild/${platform()}-${arch()}`
  try {
    createRequire(import.meta.url).resolve(`${name}/package.json`)
    return undefined
  } catch {
    return (
      `${name}, which compiles state modules on this system, is not installed. It is an optional dependency of heldstate: install on the ` +
      'system that builds the app, without --omit=optional, and do not copy node_modules from another system'
    )
  }
}
