'use client'
import { faults, type WireEvent } from 'heldstate/faults'
import { useEffect, useState } from 'react'
import styles from './home.module.css'
import type { Line } from './torture/ledger'
import { clock } from './torture/what-happened'

const shown = 5

/** The last messages of this page, with their bytes, and what was done to it. */
export function WireLog({ lines }: { lines: readonly Line[] }) {
  const [events, setEvents] = useState<readonly WireEvent[]>([])
  useEffect(() => faults.watch((event) => setEvents((known) => [...known, event].slice(-shown))), [])
  const both = [...events.map((event) => ({ at: event.at, text: sentence(event) })), ...lines].sort(
    (a, b) => b.at - a.at,
  )
  return (
    <ol className={styles.wire} aria-label="The wire of this page">
      {Array.from({ length: shown }, (_, index) => {
        const line = both[index]
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: a line is its place
          <li key={index}>
            {line ? (
              <>
                <time dateTime={new Date(line.at).toISOString()}>{clock(line.at)}</time> {line.text}
              </>
            ) : (
              '\u00a0'
            )}
          </li>
        )
      })}
    </ol>
  )
}

/** Names of the protocol that are short, since they are sent often. */
const names: Readonly<Record<string, string>> = { d: 'patch' }

function sentence({ kind, name, bytes }: WireEvent): string {
  if (kind === 'open') return '● connected'
  if (kind === 'close') return '○ connection lost'
  if (kind === 'lost') return `✕ ${bytes} B ${name}, lost on the way`
  return `${kind === 'in' ? '↓' : '↑'} ${bytes} B ${names[name] ?? name}`
}
