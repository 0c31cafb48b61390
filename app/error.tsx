'use client'
import { Failed } from './failed'

/** A page outside of the live ones, or a layout, that has failed. */
export default function PageError({ reset }: { reset: () => void }) {
  return (
    <main id="content">
      <Failed retry={reset} />
    </main>
  )
}
