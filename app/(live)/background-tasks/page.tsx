import { HeldStateProvider } from 'heldstate/provider'
import Link from 'next/link'
import { metadataOf } from '../../demos'
import { BlockCounter, FunctionCounter } from './counters'
import { ManyCounters, Notes } from './meanwhile'

export const metadata = metadataOf('/background-tasks')

export default function BackgroundTasks() {
  return (
    <HeldStateProvider>
      <div className="intro">
        <h1>Keep work running after the page has gone</h1>
        <p>
          Both counters count on the server, twice a second, each on its own. Start one, then reload the page, or kill
          the server and start it again: it goes on from where it was. The two are written in two ways: one locks the
          state for a block of code, the other for a function. <Link href="/docs/background-tasks">How it is done</Link>
        </p>
      </div>
      <div className="pair">
        <BlockCounter />
        <FunctionCounter />
      </div>
      <section className="card" aria-labelledby="meanwhile">
        <h2 id="meanwhile">Meanwhile</h2>
        <p>
          Fifty counters at once, and each step of each waits for its turn to write. Type, click, and use the counters
          above while they run: everything answers at once.
        </p>
        <div className="pair">
          <Notes />
          <ManyCounters />
        </div>
      </section>
    </HeldStateProvider>
  )
}
