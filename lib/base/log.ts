/** Where heldstate speaks to the operator: a port, so that tests can listen and apps can route it to their own logger. */

export interface Log {
  warn(message: string, error?: unknown): void
  error(message: string, error?: unknown): void
}

export const consoleLog: Log = {
  warn: (message, error) => (error === undefined ? console.warn(prefix(message)) : console.warn(prefix(message), error)),
  error: (message, error) =>
    error === undefined ? console.error(prefix(message)) : console.error(prefix(message), error),
}

const prefix = (message: string) => `heldstate: ${message}`
