'use client'
import { Failed } from './failed'
import './globals.css'

/** In place of the whole document, when its outermost layout has failed. */
export default function GlobalError({ reset }: { reset: () => void }) {
  return (
    <html lang="en">
      <body>
        <title>This page has failed · heldstate</title>
        <main id="content">
          <Failed retry={reset} />
        </main>
      </body>
    </html>
  )
}
