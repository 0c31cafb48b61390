/**
 * A message that is too long for one packet goes out in parts: `p` with a piece of its text, and a 1 behind the last piece. Between two
 * parts the network can take a ping, and the sender learns that the receiver still reads.
 */
import { HeldStateError } from '../base/errors.js'

/** The name of a part on the wire. */
export const partName = 'p'

/** Puts parts together again. They come in order, and nothing else comes between them. */
export class Parts {
  private pieces: string[] = []

  /** The name and arguments of the message, once its last part has come. */
  add([piece, last]: readonly unknown[]): readonly [name: string, ...args: unknown[]] | undefined {
    if (typeof piece !== 'string') throw malformed()
    this.pieces.push(piece)
    if (last !== 1) return undefined
    const text = this.pieces.join('')
    this.clear()
    const message: unknown = JSON.parse(text)
    if (Array.isArray(message) && typeof message[0] === 'string') return message as [string, ...unknown[]]
    throw malformed()
  }

  /** Forgets the parts of a message that will not be completed. */
  clear(): void {
    this.pieces = []
  }
}

const malformed = () => new HeldStateError('invalid-message', 'Malformed message: a part without its text.')
