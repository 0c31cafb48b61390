import { HeldStateProvider } from 'heldstate/provider'
import Link from 'next/link'
import { metadataOf } from '../../demos'
import { Job } from './job'

export const metadata = metadataOf('/job')

export default function JobPage() {
  return (
    <HeldStateProvider>
      <div className="intro">
        <h1>Run a long job with progress and cancel</h1>
        <p>
          Forty rows, one after the other, on the server. Reload the page while the job runs, or kill the server and
          start it again: the job goes on after the last row that it has saved. Cancel it, and it writes nothing more.{' '}
          <Link href="/docs/background-tasks">How it is done</Link>
        </p>
      </div>
      <Job />
    </HeldStateProvider>
  )
}
