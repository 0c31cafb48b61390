'use client'
import { useServerState } from 'heldstate/react'
import { useEffect, useId, useState } from 'react'
import { Failure, useAttempt } from '../attempt'
import { patienceMs } from './patience'
import { rows } from './rows.state'

export function Rows() {
  const r = useServerState(rows)
  const { failure, attempt } = useAttempt()
  const late = useLate(r.asked)
  const loading = r.asked !== null && !late
  const why = useId()
  const problem = failure ?? r.error ?? (late ? noAnswer : undefined)
  const ask = (source: 'good' | 'broken') => !loading && attempt(() => r.fetchData(source))
  const held = { 'aria-disabled': loading, 'aria-describedby': loading ? why : undefined }
  return (
    <section className="card" aria-label="Rows" aria-busy={loading}>
      <div className="row">
        <button type="button" className="main" {...held} onClick={() => ask('good')}>
          Fetch data
        </button>
        <button type="button" {...held} onClick={() => ask('broken')}>
          Ask a broken server
        </button>
        <span id={why} aria-live="polite">
          {loading ? 'Loading…' : ''}
        </span>
      </div>
      <Failure>{problem}</Failure>
      {r.rows.length > 0 ? (
        <table>
          <caption>Temperatures of today</caption>
          <thead>
            <tr>
              <th scope="col">City</th>
              <th scope="col">°C</th>
            </tr>
          </thead>
          <tbody>
            {r.rows.map(({ city, degrees }) => (
              <tr key={city}>
                <th scope="row">{city}</th>
                <td>{degrees}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : (
        !loading && !problem && <p className="aside">No rows yet.</p>
      )}
    </section>
  )
}

const noAnswer = 'No answer came: the server may have ended while it waited for one. Ask again.'

/** Whether an answer to what was asked then, in milliseconds since the epoch, would be here by now. */
function useLate(asked: number | null): boolean {
  const [given, setGiven] = useState<number | null>(null)
  useEffect(() => {
    if (asked === null) return
    const timer = setTimeout(() => setGiven(asked), asked + 2 * patienceMs - Date.now())
    return () => clearTimeout(timer)
  }, [asked])
  return asked !== null && given === asked
}
