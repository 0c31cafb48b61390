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
      <progress aria-label="Job progress" max={1} value={run.progress ?? 0} />
      <p className="aside" aria-live={running ? 'off' : 'polite'}>
        {running ? (run.note ?? 'starting') : ending(run.outcome, results.length, total)}
      </p>
      {attempts > 1 && <p className="aside">went on after the server had ended: attempt {attempts}</p>}
      <Failure>{failure ?? run.error?.message}</Failure>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <ol className="results" aria-label="Results" tabIndex={0}>
        {results.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ol>
    </section>
  )
}

function ending(outcome: TaskHandle['outcome'], rows: number, total: number): string {
  if (outcome === null) return 'not started'
  return outcome === 'done' ? `done: ${rows} rows` : `${outcome} after ${rows} of ${total} rows`
}
