'use client'
import type { Line } from './ledger'
import styles from './torture.module.css'

export function WhatHappened({ lines, clear }: { lines: readonly Line[]; clear: () => void }) {
  const newest = lines.at(-1)
  return (
    <section className={`card ${styles.log}`} aria-labelledby="happened">
      <h2 id="happened">What happened</h2>
      {lines.length === 0 && <p className="aside">Nothing yet. Press something.</p>}
      <ol>
        {lines.toReversed().map(({ at, text }, index) => (
          <li key={lines.length - index}>
            <time dateTime={new Date(at).toISOString()}>{clock(at)}</time> {text}
          </li>
        ))}
      </ol>
      <p className={styles.unseen} role="status">
        {newest?.text}
      </p>
      {lines.length > 0 && (
        <div className="row">
          <button
            type="button"
            onClick={() =>
              void navigator.clipboard?.writeText(lines.map(({ at, text }) => `${clock(at)} ${text}`).join('\n'))
            }
          >
            Copy
          </button>
          <button type="button" onClick={clear}>
            Clear
          </button>
        </div>
      )}
    </section>
  )
}

export const clock = (at: number) => {
  const time = new Date(at)
  const two = (part: number) => String(part).padStart(2, '0')
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${String(time.getMilliseconds()).padStart(3, '0')}`
}
