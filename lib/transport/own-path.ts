/**
 * Which requests are ours: one predicate for the gate, for upgrades and for the engine, in every way to start an app. A target is
 * compared as it was sent. What only looks like our path once it is decoded or resolved is not ours, so no two readers disagree.
 */

export interface OwnTarget {
  /** With its question mark, or empty; `undefined` where the path is below ours and nobody's. */
  readonly engineQuery: string | undefined
}

/** What the target of a request means, if it is `path` or lies below it. Proxies send the absolute form, `http://host/path`. */
export function ownTarget(path: string, url = ''): OwnTarget | undefined {
  const target = url.startsWith('/') ? url : url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '')
  if (!target.startsWith(path)) return undefined
  const rest = target.slice(path.length)
  if (rest !== '' && !/^[/?#]/.test(rest)) return undefined
  return { engineQuery: /^\/(?:[?#]|$)/.test(rest) ? rest.slice(1).replace(/#.*/s, '') : undefined }
}

export const isOurs = (path: string, url: string | undefined): boolean => ownTarget(path, url) !== undefined
