'use client'
import { useServerState } from 'heldstate/react'
import { Failure, useAttempt } from '../attempt'
import { rows } from './rows.state'

export function Rows() {
  const r = useServerState(rows)
  const { failure, attempt } = useAttempt()
  return (
    <section className="card" aria-label="Rows" aria-busy={r.loading}>
      <div className="row">
        <button type="button" className="main" onClick={() => attempt(() => r.fetchData('good'))}>
          Fetch data
        </button>
        <button type="button" onClick={() => attempt(() => r.fetchData('broken'))}>
          Ask a broken server
        </button>
        <span aria-live="polite">{r.loading ? 'Loading…' : ''}</span>
      </div>
      <Failure>{failure ?? r.error ?? undefined}</Failure>
      {r.rows.length > 0 ? (
        <table>
          <caption>Temperatures</caption>
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
        <p className="aside">No rows yet.</p>
      )}
    </section>
  )
}
