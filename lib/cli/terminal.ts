/** Where a command speaks and asks: a port, so that tests can listen and answer. */
import { createInterface } from 'node:readline/promises'

export interface Terminal {
  readonly colours: boolean
  say(text: string): void
  complain(text: string): void
  /** Yes or no; undefined where nobody can answer. */
  ask(question: string): Promise<boolean | undefined>
}

/** One question needs no prompt library, and the one that is known best does not run on Node 20.9. */
export const processTerminal: Terminal = {
  colours: process.stdout.isTTY === true && !process.env.NO_COLOR,
  say: (text) => void process.stdout.write(`${text}\n`),
  complain: (text) => void process.stderr.write(`${text}\n`),
  ask: async (question) => {
    if (!process.stdin.isTTY) return undefined
    const lines = createInterface({ input: process.stdin, output: process.stdout })
    const answered = lines.question(`${question} [Y/n] `)
    const ended = new Promise<string>((resolve) => lines.once('close', () => resolve('n'))) // ctrl-d and ctrl-c are a no
    const answer = await Promise.race([answered, ended])
    lines.close()
    return /^(y(es)?)?$/i.test(answer.trim())
  },
}

const paints = { red: 31, green: 32, yellow: 33, grey: 90, bold: 1 } as const

export function paint(terminal: Terminal, colour: keyof typeof paints, text: string): string {
  return terminal.colours ? `\u001b[${paints[colour]}m${text}\u001b[0m` : text
}
