/**
 * Where the pages of tokens are: this node says when its first one has come and its last one has gone. What could not be said
 * is said again.
 */
import type { Ledger } from './coordinator.js'

export interface AttendanceParts {
  readonly ledger: Pick<Ledger, 'attend'>
  readonly node: string
  readonly keep: { readonly keepMs: number }
  /** Done when the ledger can be asked. */
  ready(): Promise<void>
  complain(message: string, error: unknown): void
}

export class Attendance {
  private readonly parts: AttendanceParts
  /** Whether pages are here, as the ledger may not know yet. */
  private readonly unsaid = new Map<string, { readonly here: boolean }>()

  constructor(parts: AttendanceParts) {
    this.parts = parts
  }

  say(token: string, here: boolean): void {
    const { ledger, node, keep, ready, complain } = this.parts
    const word = { here }
    this.unsaid.set(token, word)
    ready()
      .then(() => ledger.attend(token, node, here, keep.keepMs))
      .then(
        () => {
          if (this.unsaid.get(token) === word) this.unsaid.delete(token)
        },
        (error) => complain('Other processes do not know where the pages of a tab are; they are told again.', error),
      )
  }

  sayAgain(): void {
    for (const [token, { here }] of [...this.unsaid]) this.say(token, here)
  }
}
