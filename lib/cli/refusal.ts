/** Why a command cannot go on, as sentences for a person: what happened, what was expected, what to do. */
export class Refusal extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'Refusal'
  }
}
