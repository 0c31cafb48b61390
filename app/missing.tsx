'use client'
import { type ReactNode, useSyncExternalStore } from 'react'
import { near } from './docs/near'
import type { Place } from './docs/pages'
import { HoverLink } from './hover-link'

/**
 * What stands at an address that has no page. The HTML is one for all such addresses, so the page looks at its own once it runs;
 * until then the list keeps its place.
 */
export function Missing({ pages, children }: { pages: readonly Place[]; children?: ReactNode }) {
  const path = useSyncExternalStore(
    () => () => {},
    () => location.pathname,
    () => undefined,
  )
  return (
    <div className="missing">
      <p className="kicker">404</p>
      <h1>There is no page here</h1>
      <p className="path">{path === undefined ? '\u00a0' : <code>{decoded(path)}</code>}</p>
      {children}
      <h2>Did you mean</h2>
      <ul>
        {path === undefined
          ? [1, 2, 3].map((line) => <li key={line}>{'\u00a0'}</li>)
          : near(path, pages).map(({ title, href }) => (
              <li key={href}>
                <HoverLink href={href}>{title}</HoverLink>
              </li>
            ))}
      </ul>
    </div>
  )
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
