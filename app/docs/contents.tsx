'use client'
import { useEffect, useState } from 'react'

interface Heading {
  readonly title: string
  readonly anchor: string
}

/** "On this page": the headings, next to the text where there is room. The one that is read is marked. */
export function Contents({ headings }: { headings: readonly Heading[] }) {
  const current = useCurrent(headings)
  if (headings.length < 2) return <div className="contents" />
  return (
    <nav className="contents" aria-label="On this page">
      <p className="kicker">On this page</p>
      <List headings={headings} current={current} />
    </nav>
  )
}

/** The same behind a button, for a window with less room. */
export function ContentsButton({ headings }: { headings: readonly Heading[] }) {
  const [isOpen, setOpen] = useState(false)
  if (headings.length < 2) return null
  return (
    <details className="contents-button" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>On this page</summary>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: what is clicked is a link inside */}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: a link makes a click of the Enter key */}
      <div onClick={() => setOpen(false)}>
        <List headings={headings} current={undefined} />
      </div>
    </details>
  )
}

function List({ headings, current }: { headings: readonly Heading[]; current: string | undefined }) {
  return (
    <ul>
      {headings.map(({ title, anchor }) => (
        <li key={anchor}>
          <a href={`#${anchor}`} aria-current={anchor === current ? 'location' : undefined}>
            {title}
          </a>
        </li>
      ))}
    </ul>
  )
}

/** The last heading above the upper third of the window. */
function useCurrent(headings: readonly Heading[]): string | undefined {
  const [current, setCurrent] = useState<string>()
  useEffect(() => {
    const look = () => {
      const above = headings.filter(
        ({ anchor }) => (document.getElementById(anchor)?.getBoundingClientRect().top ?? Infinity) < innerHeight / 3,
      )
      setCurrent(above.at(-1)?.anchor)
    }
    look()
    addEventListener('scroll', look, { passive: true })
    return () => removeEventListener('scroll', look)
  }, [headings])
  return current
}
