import { HeldStateProvider } from 'heldstate/provider'
import Link from 'next/link'
import { metadataOf } from '../../demos'
import { Rows } from './rows'

export const metadata = metadataOf('/low-level')

export default function LowLevel() {
  return (
    <HeldStateProvider>
      <div className="intro">
        <h1>Write from anywhere on the server</h1>
        <p>
          The click is over in a moment. A second later a slow weather service answers the server, and the server writes
          the answer into the tab that asked, also if you have reloaded it meanwhile. Webhooks, route handlers, server
          actions and scheduled jobs write the same way: <code>modifyState(token, rows, …)</code>.{' '}
          <Link href="/docs/low-level">How it is done</Link>
        </p>
      </div>
      <Rows />
    </HeldStateProvider>
  )
}
