/** A file to try it with: 400 lines, of which each fortieth has no address. */
export function sample(): Blob {
  const lines = Array.from({ length: 400 }, (_, at) =>
    at % 40 === 39 ? `Customer ${at + 1}` : `Customer ${at + 1},customer-${at + 1}@example.org`,
  )
  return new Blob([lines.join('\n')], { type: 'text/csv' })
}
