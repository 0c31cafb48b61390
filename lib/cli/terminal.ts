/** Where a command speaks and asks: a port, so that tests can listen and answer. */
import { createInterface } from 'node:readline/promises'
import type { Readable, Writable } from 'node:stream'

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
  ask: async (question) => (process.stdin.isTTY ? answerTo(question, process.stdin, process.stdout) : undefined),
}

/** What is neither yes nor no is no answer: of lines that were pasted together, the next command comes here. */
export async function answerTo(question: string, input: Readable, output: Writable): Promise<boolean> {
  const lines = createInterface({ input, output })
  const ended = new Promise<string>((resolve) => lines.once('close', () => resolve('n'))) // ctrl-d and ctrl-c are a no
  try {
    for (;;) {
      const answer = await Promise.race([lines.question(`${question} [Y/n] `), ended])
      if (/^(y(es)?)?$/i.test(answer.trim())) return true
      if (/^no?$/i.test(answer.trim())) return false
      output.write('Answer y or n.\n')
    }
  } finally {
    lines.close()
  }
}

const paints = { red: 31, green: 32, yellow: 33, grey: 90, bold: 1 } as const

export function paint(terminal: Terminal, colour: keyof typeof paints, text: string): string {
  return terminal.colours ? `\u001b[${paints[colour]}m${text}\u001b[0m` : text
}
