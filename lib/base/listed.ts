/** Names for whoever builds the app. Strangers can ask for any name in production, and are not told which ones there are. */
export function listed(before: string, names: Iterable<string>): string {
  if (process.env.NODE_ENV === 'production') return ''
  return `${before}${[...names].map((name) => `"${name}"`).join(', ') || 'none'}.`
}
