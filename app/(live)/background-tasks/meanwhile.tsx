'use client'
import { type TaskHandle, useServerState } from 'heldstate/react'
import { Failure, useAttempt } from '../attempt'
import { HeldField } from '../held-field'
import { CourseOf } from './course'
import { manyCounters } from './many-counters.state'
import { notes } from './notes.state'

export function Notes() {
  const n = useServerState(notes)
  const { failure, attempt } = useAttempt()
  return (
    <div className="stack">
      <HeldField label="Text" type="text" held={n.text} send={n.setText} />
      <p className="aside">held on the server: {n.text === '' ? 'nothing yet' : <q>{n.text}</q>}</p>
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
      <Failure>{failure ?? m.countRow.error?.message}</Failure>
      <p className="aside">
        finished: {m.finished} of {m.counts.length}
      </p>
      <p className="aside">{wordOf(m.countRow)}</p>
      <CourseOf course={m.course} />
      {/* one picture with one sentence, where a reader would walk through fifty bars */}
      <div className="bars" role="img" aria-label={`${m.finished} of ${m.counts.length} counters have finished`}>
        {m.counts.map((count, row) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a row is its place
          <Bar key={row} name={`Counter ${row + 1}`} count={count} of={m.steps} />
        ))}
      </div>
    </div>
  )
}

/** How the fifty stand: bars that do not move say why. */
function wordOf({ running, outcome }: Pick<TaskHandle, 'running' | 'outcome'>): string {
  if (running > 0) return `running: ${running}`
  if (outcome === null) return 'not started'
  return outcome === 'done' ? 'all have ended' : `${outcome}: the bars show how far they came`
}

function Bar({ name, count, of }: { name: string; count: number; of: number }) {
  return <progress aria-label={name} max={of} value={count} />
}
