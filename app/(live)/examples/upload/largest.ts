/** Bytes of a file, for the page and the route handler. */
export const largest = 100_000_000
