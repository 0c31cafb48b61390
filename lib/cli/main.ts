/** The command line: which command is meant, with which options, and what is said if that is not clear. */
import { resolve } from 'node:path'
import { type ParseArgsConfig, parseArgs } from 'node:util'
import { messageOf } from '../base/errors.js'
import { doctor } from './doctor.js'
import { init } from './init.js'
import { Refusal } from './refusal.js'
import { serving } from './serving.js'
import type { Terminal } from './terminal.js'

const help = `heldstate: server-side state for Next.js

Usage: heldstate <command> [folder] [options]

  init       add heldstate to the Next app in the folder
             --yes           do not ask
             --no-example    skip the example counter
  dev        run the app for development, instead of "next dev"
  start      run the production build, instead of "next start"
             -p, --port      the port (default: PORT, or 3000)
             -H, --hostname  the address to listen on (default: all)
             --webpack, --turbopack
  doctor     check the app for problems
             --url           check the deployment at this URL too

  --help     show this help
  --version  show the version of heldstate`

type Options = NonNullable<ParseArgsConfig['options']>

const flag = { type: 'boolean', default: false } as const
const text = { type: 'string' } as const
const serverOptions = {
  port: { ...text, short: 'p' },
  hostname: { ...text, short: 'H' },
  webpack: flag,
  turbopack: flag,
  turbo: flag,
} as const

/** Runs a command; resolves with the exit code, or with nothing if it goes on: a server ends by itself. */
export async function main(args: readonly string[], version: string, terminal: Terminal): Promise<number | undefined> {
  const [command, ...rest] = args
  try {
    if (command === undefined || rest.includes('--help') || rest.includes('-h')) return say(terminal, help)
    return await run(command, rest, version, terminal)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    terminal.complain(error.message)
    return 1
  }
}

async function run(
  command: string,
  rest: readonly string[],
  version: string,
  terminal: Terminal,
): Promise<number | undefined> {
  switch (command) {
    case 'init': {
      const { dir, values } = parsed(command, rest, { yes: { ...flag, short: 'y' }, 'no-example': flag })
      return init({ dir, yes: values.yes === true, example: values['no-example'] !== true, version }, terminal)
    }
    case 'dev':
    case 'start': {
      const { dir, values } = parsed(command, rest, serverOptions)
      const { port, hostname, webpack, turbopack, turbo } = values as Record<string, string | boolean | undefined>
      await serving(command, {
        dir,
        port: port as string | undefined,
        hostname: hostname as string | undefined,
        webpack: webpack === true,
        turbopack: turbopack === true || turbo === true,
      })
      return undefined
    }
    case 'doctor': {
      const { dir, values } = parsed(command, rest, { url: text })
      return doctor({ dir, url: values.url as string | undefined }, terminal)
    }
    case '--help':
    case '-h':
    case 'help':
      return say(terminal, help)
    case '--version':
    case '-v':
      return say(terminal, version)
    default:
      throw new Refusal(
        `There is no command "${command}". The commands are init, dev, start and doctor; run "heldstate --help" for details.`,
      )
  }
}

function parsed(command: string, args: readonly string[], options: Options) {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    if (positionals.length > 1) throw new Error(`expected one folder, got ${positionals.join(' and ')}`)
    return { dir: resolve(positionals[0] ?? '.'), values: values as Readonly<Record<string, unknown>> }
  } catch (error) {
    const [what] = messageOf(error).split(/\.(?: |$)/, 1) // Node goes on with advice that fits few
    throw new Refusal(`heldstate ${command}: ${what}. "heldstate --help" lists the options.`)
  }
}

function say(terminal: Terminal, sentence: string): number {
  terminal.say(sentence)
  return 0
}
