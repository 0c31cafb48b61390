'use client'
import { Failed } from './failed'
import { useChosenTheme } from './theme'
import './globals.css'

/** Instead of the whole document, when its outermost layout has failed, or what says so of a page. */
export default function GlobalError({ reset }: { reset: () => void }) {
  useChosenTheme()
  return (
    <html lang="en">
      <body>
        <title>This page has failed · heldstate</title>
        <header className="top">
          {/* biome-ignore lint/a11y/useValidAnchor: a full load, as the router may be what has failed */}
          <a className="brand" href="/">
            heldstate
          </a>
        </header>
        <main id="content">
          <Failed retry={reset} />
        </main>
      </body>
    </html>
  )
}
