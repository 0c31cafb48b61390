/** Names for a message that the author of the app reads. In production a stranger reads it, and gets none. */
export function listed(before: string, names: Iterable<string>): string {
  if (process.env.NODE_ENV === 'production') return ''
  return `${before}${[...names].map((name) => `"${name}"`).join(', ') || 'none'}.`
}
