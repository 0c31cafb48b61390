/** What an author tells visitors. */
import { messageOf } from './errors.js'

const brand: unique symbol = Symbol.for('heldstate.refusal') as never

/**
 * Thrown in an event or a task, its message reaches the page as it is, cut at 500 characters. Of every other error a page reads "Something went
 * wrong" and a reference, which stands next to the error in the log.
 *
 * ```ts
 * if (!city) throw new Refusal('There is no city of that name.')
 * ```
 */
export class Refusal extends Error {
  override readonly name: string = 'Refusal'
  readonly [brand] = true

  /** Server bundles and the hub may each hold a copy of this class, so identity goes by a brand. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && brand in value && (this === Refusal || isInChain(this, value))
  }
}

const isInChain = (kind: typeof Refusal, value: object) => Object.prototype.isPrototypeOf.call(kind.prototype, value)

/** The words of a refusal, and `undefined` for everything else that can be thrown. */
export const refusalIn = (error: unknown): string | undefined =>
  error instanceof Refusal ? messageOf(error) : undefined
