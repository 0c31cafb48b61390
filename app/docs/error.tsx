'use client'
import { Failed } from '../failed'

/** A page of the docs that has failed, next to the menu. */
export default function DocsError({ reset }: { reset: () => void }) {
  return (
    <article id="content">
      <Failed retry={reset} />
    </article>
  )
}
