import { metadataOf } from '../../demos'
import { BlockCounter, FunctionCounter } from './counters'
import { ManyCounters, Notes } from './meanwhile'

export const metadata = metadataOf('/background-tasks')

export default function BackgroundTasks() {
  return (
    <>
      <div className="intro">
        <h1>Background tasks</h1>
        <p>
          Both counters count on the server, twice a second. The task of the first takes the lock for a block, that of
          the second for a function; they know nothing of each other. Reload the page, or kill the server and start it
          again: they go on from where they were.
        </p>
      </div>
      <div className="pair">
        <BlockCounter />
        <FunctionCounter />
      </div>
      <section className="card" aria-labelledby="meanwhile">
        <h2 id="meanwhile">Meanwhile</h2>
        <p>
          Each of the fifty counters takes the lock of this tab’s state for every step. Type, click, and use the
          counters above while they run.
        </p>
        <div className="pair">
          <Notes />
          <ManyCounters />
        </div>
      </section>
    </>
  )
}
