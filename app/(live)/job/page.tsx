import { metadataOf } from '../../demos'
import { Job } from './job'

export const metadata = metadataOf('/job')

export default function JobPage() {
  return (
    <>
      <div className="intro">
        <h1>Long job</h1>
        <p>
          Forty rows, one after the other. The task reports how far it is, and appends each result under the lock.
          Reload the page while it runs, or kill the server and start it again: it goes on. Once Cancel has answered, it
          writes nothing more.
        </p>
      </div>
      <Job />
    </>
  )
}
