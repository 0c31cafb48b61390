/**
 * Which requests are ours: one predicate for the gate, for upgrades and for the engine, in every way to start an app. A target is
 * compared as it was sent. What only looks like our path once it is decoded or resolved is not ours, so no two readers disagree.
 */
import { zoneSuffix } from '../protocol/path.js'

export interface OwnTarget {
  /** With its question mark, or empty; `undefined` where the path is below ours and nobody's. */
  readonly engineQuery: string | undefined
}

/** One, or those of an app with a zone. */
export type OwnPath = string | readonly string[]

/** What the target of a request means, if it is `path` or lies below it. Proxies send the absolute form, `http://host/path`. */
export function ownTarget(path: OwnPath, url = ''): OwnTarget | undefined {
  const target = url.startsWith('/') ? url : url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '')
  for (const one of [path].flat() as readonly string[]) {
    const rest = target.startsWith(one) ? target.slice(one.length) : 'x'
    if (rest !== '' && !/^[/?#]/.test(rest)) continue
    const [end = ''] = /^[^?#]*/.exec(rest) ?? []
    const isEngines = end === '/' || end === zoneSuffix
    return { engineQuery: isEngines ? rest.slice(end.length).replace(/#.*/s, '') : undefined }
  }
  return undefined
}

export const isOurPath = (path: OwnPath, url: string | undefined): boolean => ownTarget(path, url) !== undefined
