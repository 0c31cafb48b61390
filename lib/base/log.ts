/** Where heldstate speaks to the operator: a port, so that tests can listen and apps can route it to their own logger. */

export interface Log {
  info(message: string): void
  warn(message: string, error?: unknown): void
  error(message: string, error?: unknown): void
}

export const consoleLog: Log = {
  info: (message) => console.info(prefix(message)),
  warn: (message, error) =>
    error === undefined ? console.warn(prefix(message)) : console.warn(prefix(message), error),
  error: (message, error) =>
    error === undefined ? console.error(prefix(message)) : console.error(prefix(message), error),
}

const prefix = (message: string) => `heldstate: ${message}`
