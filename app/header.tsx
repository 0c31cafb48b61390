import Link from 'next/link'
import type { ReactNode } from 'react'
import { Navigation } from './navigation'

/** The top of each page. Its children stand at the end of the line. */
export function Header({ children }: { children?: ReactNode }) {
  return (
    <header className="top">
      <Link className="brand" href="/">
        heldstate
      </Link>
      <Navigation />
      {children}
    </header>
  )
}
