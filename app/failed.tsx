'use client'
import { useEffect, useRef } from 'react'

/** What stands in place of a page that has failed: a sentence and two ways on. The message is for developers, and in the console. */
export function Failed({ retry }: { retry: () => void }) {
  const title = useRef<HTMLHeadingElement>(null)
  useEffect(() => title.current?.focus(), []) // the control that had the focus is gone
  return (
    <div className="missing">
      <h1 ref={title} tabIndex={-1}>
        This page has failed
      </h1>
      <p>The server still has your state and your running tasks. Try again, or reload the page.</p>
      <div className="row">
        <button type="button" className="main" onClick={retry}>
          Try again
        </button>
        <button type="button" onClick={() => location.reload()}>
          Reload
        </button>
        {/* biome-ignore lint/a11y/useValidAnchor: a full load, as the router may be what has failed */}
        <a href="/">Home</a>
      </div>
    </div>
  )
}
