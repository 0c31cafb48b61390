'use client'
import { useServerState } from 'heldstate/react'
import { Failure, useAttempt } from '../attempt'
import { HeldField } from '../held-field'
import { manyCounters } from './many-counters.state'
import { notes } from './notes.state'

export function Notes() {
  const n = useServerState(notes)
  const { failure, attempt } = useAttempt()
  return (
    <div className="stack">
      <HeldField label="Text" type="text" held={n.text} send={n.setText} />
      <p className="aside">
        held on the server: <q>{n.text}</q>
      </p>
      <div className="row">
        <button type="button" onClick={() => attempt(n.click)}>
          Click me
        </button>
        <span>clicks: {n.clicks}</span>
      </div>
      <Failure>{failure}</Failure>
    </div>
  )
}

export function ManyCounters() {
  const m = useServerState(manyCounters)
  const { failure, attempt } = useAttempt()
  return (
    <div className="stack">
      <div className="row">
        <button type="button" className="main" onClick={() => attempt(m.startAll)}>
          Start 50 counters
        </button>
        <button
          type="button"
          aria-disabled={m.countRow.running === 0}
          onClick={() => m.countRow.running > 0 && attempt(m.countRow.cancel)}
        >
          Cancel all
        </button>
      </div>
      <Failure>{failure}</Failure>
      <p className="aside">
        finished: {m.finished} of {m.counts.length}
      </p>
      <ol className="bars" aria-label="Counters">
        {m.counts.map((count, row) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a row is its place
          <li key={row}>
            <Bar name={`Counter ${row + 1}`} count={count} of={m.steps} />
          </li>
        ))}
      </ol>
    </div>
  )
}

function Bar({ name, count, of }: { name: string; count: number; of: number }) {
  return <progress aria-label={name} max={of} value={count} />
}
