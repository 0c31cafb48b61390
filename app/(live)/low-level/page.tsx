import { metadataOf } from '../../demos'
import { Rows } from './rows'

export const metadata = metadataOf('/low-level')

export default function LowLevel() {
  return (
    <>
      <div className="intro">
        <h1>Low level</h1>
        <p>
          The event starts a promise and returns at once. The promise asks a slow service, and when it has an answer it
          takes the lock of this tab by its token and writes: <code>modifyState(token, rows, …)</code>. The same call
          works from route handlers, server actions and scheduled jobs.
        </p>
      </div>
      <Rows />
    </>
  )
}
