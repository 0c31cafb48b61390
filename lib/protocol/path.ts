/** Where the hub listens. A path that starts with an underscore can never be a route of the app. */
export const socketPath = '/_heldstate'

/**
 * Behind the path of a zone. An app before the zone may hand its requests on by `rewrites()`, and Next redirects before it rewrites: a path that
 * ends with a slash or without, as `trailingSlash` has it, but none that ends as a file does.
 */
export const zoneSuffix = '/line.io'

/** All at which the hub of an app listens: pages that were built before it had a zone ask at the first. */
export const socketPaths = (zone: string): readonly string[] =>
  zone === '' ? [socketPath] : [socketPath, `${zone}${socketPath}`]

/** What a page asks whether the line still stands; it is answered at once, whatever its calls wait for. */
export const lineQuestion = 'alive'
