'use client'
import { useServerState } from 'heldstate/react'
import { useState } from 'react'
import { customers } from './import.state'
import { sample } from './sample'

export function Import() {
  const { run, imported, refused, problems } = useServerState(customers)
  const [failure, setFailure] = useState('')
  const running = run.running > 0
  const attempt = (work: Promise<unknown>) => {
    setFailure('')
    work.catch((error) => setFailure(error.message))
  }
  const send = async (file: Blob) => {
    const { name, problem } = await fetch('/api/import', { method: 'POST', body: file })
      .then((answer) => answer.json())
      .catch(() => ({ problem: 'The file did not arrive. Choose it again.' }))
    if (problem) throw new Error(problem)
    await run.start(name)
  }
  const choose = ({ files }: HTMLInputElement) => {
    if (files?.[0]) attempt(send(files[0]))
  }
  const alert = failure || run.error?.message
  const [copy] = run.runs
  return (
    <>
      <label>
        CSV file (name, e-mail), 1 MB at most
        <input type="file" accept=".csv,text/csv" onChange={(event) => choose(event.target)} />
      </label>
      <p>
        <button type="button" aria-disabled={running} onClick={() => !running && attempt(send(sample()))}>
          Import a sample of 400 lines
        </button>
        <button type="button" aria-disabled={!running} onClick={() => running && attempt(run.cancel())}>
          Cancel
        </button>
      </p>
      <progress aria-label="Lines read" value={run.progress ?? 0} />
      <p>
        {running ? (run.note ?? 'starting') : (run.outcome ?? 'not started')}: {imported} imported, {refused} refused
        {copy && copy.attempt > 1 && <span>· attempt {copy.attempt}, since the server ended</span>}
      </p>
      <p role="status">{run.outcome === 'done' && `The import is done. ${refused} lines were refused.`}</p>
      {alert && <p role="alert">{alert}</p>}
      {problems.length > 0 && (
        <ul aria-label="Lines that were refused">
          {problems.map(({ line, message }) => (
            <li key={line}>
              Line {line}: {message}
            </li>
          ))}
        </ul>
      )}
    </>
  )
}
