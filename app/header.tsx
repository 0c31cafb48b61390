import type { ReactNode } from 'react'
import { HoverLink } from './hover-link'
import { Navigation } from './navigation'
import { parts, repository, version } from './site'

/** The top of each page. Its children stand at the end of the line. */
export function Header({ children }: { children?: ReactNode }) {
  return (
    <header className="top">
      <HoverLink className="brand" href="/">
        heldstate <span className="version">{version}</span>
      </HoverLink>
      <Navigation parts={parts} />
      <div className="end">
        {repository && <a href={repository}>GitHub</a>}
        {children}
      </div>
    </header>
  )
}
