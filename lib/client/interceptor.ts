/** The one place between the page and its socket into which `heldstate/faults` puts itself. It is empty in every other page. */

/** What stands between: each message reaches the other side when `pass` is called, and never if it is not. */
export interface Between {
  /** Whether no connection can be made now. */
  refuses(): boolean
  opened(): void
  closed(): void
  /** A message of the page. */
  leaves(name: string, args: readonly unknown[], pass: () => void): void
  /** A message of the hub. */
  arrives(name: string, args: readonly unknown[], pass: () => void): void
}

export interface Interceptor {
  between?: Between
  /** Cuts the connection as a network does: without a word. */
  cut?: () => void
  /** Makes the next attempt now. */
  retry?: () => void
}

export const interceptor: Interceptor = {}

export const leave = (name: string, args: readonly unknown[], pass: () => void): void =>
  interceptor.between ? interceptor.between.leaves(name, args, pass) : pass()

export const arrive = (name: string, args: readonly unknown[], pass: () => void): void =>
  interceptor.between ? interceptor.between.arrives(name, args, pass) : pass()
