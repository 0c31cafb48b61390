'use client'
import { faults, type WireEvent } from 'heldstate/faults'
import { useEffect, useState } from 'react'
import styles from './home.module.css'
import type { Line } from './torture/ledger'
import { clock } from './torture/what-happened'

const shown = 5

/** The last messages of this page, with their bytes, and what was done to it. */
export function WireLog({ lines }: { lines: readonly Line[] }) {
  const [events, setEvents] = useState<readonly Seen[]>([])
  useEffect(() => faults.watch((event) => setEvents((known) => seen(known, event))), [])
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

interface Seen extends WireEvent {
  /** Of patches that came one after the other. */
  readonly inARow: number
}

const isPatch = ({ kind, name }: WireEvent) => kind === 'in' && name === 'd'

/** Patches share a line, so that they do not push out what else has happened. */
function seen(known: readonly Seen[], event: WireEvent): readonly Seen[] {
  const last = known.at(-1)
  if (last && isPatch(last) && isPatch(event)) return [...known.slice(0, -1), { ...event, inARow: last.inARow + 1 }]
  return [...known, { ...event, inARow: 1 }].slice(-shown)
}

/** Names of the protocol that are short, since they are sent often. */
const names: Readonly<Record<string, string>> = { d: 'patch' }

function sentence({ kind, name, bytes, inARow }: Seen): string {
  if (kind === 'open') return '● connected'
  if (kind === 'close') return '○ connection lost'
  if (kind === 'lost') return `✕ ${bytes} B ${name}, lost on the way`
  return `${kind === 'in' ? '↓' : '↑'} ${bytes} B ${names[name] ?? name}${inARow > 1 ? `, ${inARow} in a row` : ''}`
}
