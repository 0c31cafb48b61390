'use client'
import { Failure, useAttempt } from '../attempt'
import { jobSteps } from './job-steps'
import { ledger } from './ledger'
import type { Torture } from './use-torture'

/** Two jobs side by side: one goes on after a kill, the other says that it was interrupted. */
export function Jobs({ torture: { c, live } }: { torture: Torture }) {
  const { failure, attempt } = useAttempt()
  const { durable, fragile, countDurable, countFragile } = c
  const idle = countFragile.running === 0
  const isBoth = countDurable.running === 0
  const begin = () => {
    ledger.say(isBoth ? '▶ Started both jobs.' : '▶ Started the job that is not durable.')
    return attempt(isBoth ? c.startJobs : c.startFragile)
  }
  return (
    <section className="card" aria-labelledby="jobs">
      <h2 id="jobs">Two one-minute jobs</h2>
      {!live && <p className="aside">As last heard from the server:</p>}
      <Bar name="durable" done={durable.done} />
      <p className="aside">
        {durable.attempt > 1
          ? `survived ${durable.attempt - 1} ${durable.attempt === 2 ? 'kill' : 'kills'} · attempt ${durable.attempt} · process ${durable.pid}`
          : sentence(durable.done)}
      </p>
      <Bar name="not durable" done={fragile.done} />
      <p className="aside">
        {countFragile.error ? `The server stopped. It got to ${fragile.done}.` : sentence(fragile.done)}
      </p>
      <div className="row">
        <button type="button" aria-disabled={!idle} onClick={() => idle && begin()}>
          {!idle ? 'Running' : isBoth ? 'Start both' : 'Start the one that is not durable'}
        </button>
      </div>
      <Failure>{failure}</Failure>
    </section>
  )
}

const sentence = (done: number) => (done === 0 ? 'not started' : done >= jobSteps ? 'done' : 'at work')

function Bar({ name, done }: { name: string; done: number }) {
  return (
    <div className="field">
      <label>
        {name}:{' '}
        <bdi dir="ltr">
          {done} / {jobSteps}
        </bdi>
        <progress max={jobSteps} value={done} />
      </label>
    </div>
  )
}
