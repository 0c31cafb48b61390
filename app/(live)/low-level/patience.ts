/** Milliseconds after which an answer of the service does not come any more. */
export const patienceMs = 5000
