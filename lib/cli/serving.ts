/** `heldstate dev` and `heldstate start`: Next with heldstate, for an app without a server file of its own. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '../base/errors.js'
import { serve } from '../next/server/serve.js'
import type { ServeOptions } from '../next/server/server.js'
import { Refusal } from './refusal.js'

export interface ServingOptions {
  readonly dir: string
  readonly port: string | undefined
  readonly hostname: string | undefined
  readonly webpack: boolean
  readonly turbopack: boolean
  /** Starts the server; not `serve` in tests. */
  serve?(options: ServeOptions): Promise<unknown>
}

export async function serving(mode: 'dev' | 'start', options: ServingOptions): Promise<void> {
  const { dir, hostname, webpack, turbopack, serve: begin = serve } = options
  if (webpack && turbopack)
    throw new Refusal('--webpack and --turbopack cannot be combined. Pass one of them, or neither.')
  if (!existsSync(join(dir, 'package.json')))
    throw new Refusal(
      `${dir} is not a Next app: it has no package.json. Run the command in the folder of a Next app, or name the folder: heldstate ${mode} <folder>`,
    )
  const port = portFrom(options.port ?? process.env.PORT)
  // before Next and React are loaded, which take their mode from it
  Object.assign(process.env, { NODE_ENV: mode === 'dev' ? 'development' : 'production' })
  if (process.cwd() !== dir) process.chdir(dir) // where plugins, Tailwind's for one, look for the app
  try {
    await begin({
      dir,
      dev: mode === 'dev',
      ...(port === undefined ? {} : { port }),
      ...(hostname === undefined ? {} : { hostname }),
      ...(webpack ? { webpack } : {}),
    })
  } catch (error) {
    if (!isMissingBuild(error)) throw error
    throw new Refusal('This app has no production build. Run "next build", then "heldstate start".')
  }
}

/** Next names it in a sentence only, and knows the folder, which its config can change. */
const isMissingBuild = (error: unknown) => /Could not find a production build/.test(messageOf(error))

function portFrom(given: string | undefined): number | undefined {
  if (given === undefined || given === '') return undefined
  const port = Number(given)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new Refusal(`${JSON.stringify(given)} is not a port. Use a number from 0 to 65535; 0 picks a free port.`)
}
