'use client'
import { type TaskHandle, useServerState } from 'heldstate/react'
import { Failure, useAttempt } from '../attempt'
import { job } from './job.state'

export function Job() {
  const { run, results, total, attempt: attempts } = useServerState(job)
  const { failure, attempt } = useAttempt()
  const running = run.running > 0
  const busy = running || run.start.pending
  return (
    <section className="card" aria-label="Job">
      <div className="row">
        <button
          type="button"
          className="main"
          aria-disabled={busy}
          onClick={() => !busy && attempt(() => run.start({ fails: false }))}
        >
          Start job
        </button>
        <button
          type="button"
          aria-disabled={!running || run.cancel.pending}
          onClick={() => running && attempt(run.cancel)}
        >
          Cancel job
        </button>
        <button type="button" aria-disabled={busy} onClick={() => !busy && attempt(() => run.start({ fails: true }))}>
          Start a job that fails
        </button>
      </div>
      <progress
        className={run.outcome === 'failed' && !running ? 'failed' : undefined}
        aria-label="Job progress"
        max={1}
        value={run.progress ?? 0}
      />
      <p className="aside">{running ? (run.note ?? 'starting') : ending(run.outcome, results.length, total)}</p>
      <p className="unseen" role="status">
        {running ? quarterOf(run.progress ?? 0) : heard[run.outcome ?? 'none']}
      </p>
      {attempts > 1 && <p className="aside">went on after the server had ended: attempt {attempts}</p>}
      <Failure>{failure ?? run.error?.message}</Failure>
      {results.length > 0 && (
        <ol className="results" aria-label="Results">
          {results.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ol>
      )}
    </section>
  )
}

/** What a screen reader says while the job runs: its start, and each quarter. */
const quarterOf = (progress: number) =>
  progress < 0.25 ? 'The job has started.' : `${25 * Math.floor(4 * progress)} percent of the rows are there.`

/** And at its end. A failure is an alert already. */
const heard = { none: '', failed: '', done: 'The job is done.', cancelled: 'The job is cancelled.', interrupted: '' }

function ending(outcome: TaskHandle['outcome'], rows: number, total: number): string {
  if (outcome === null) return `Ready: ${total} rows, about 6 seconds.`
  return outcome === 'done' ? `done: ${rows} rows` : `${outcome} after ${rows} of ${total} rows`
}
