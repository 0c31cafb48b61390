/**
 * Attach mode: heldstate in plain `next dev`, `next start` and the server of `output: 'standalone'`, by one line in
 * `instrumentation.ts`. Next compiles that file for the edge runtime too, where nothing of this may be loaded.
 */
import type { HubOptions } from '../../hub/options.js'

export interface AttachOptions {
  /** The folder of the app. Default: the current one. */
  readonly dir?: string
  readonly hub?: Omit<HubOptions, 'prepare'>
}

/** Called by Next when its server starts. Does nothing where a hub runs already, as in `heldstate start`. */
export async function register(options: AttachOptions = {}): Promise<void> {
  if (process.env.NEXT_RUNTIME === 'nodejs') {
    const { attach } = await import('./attach.js')
    attach(options)
  }
}
